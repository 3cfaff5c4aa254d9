#include "support/cli.h"
#include "support/cmocka.h"

#include <string.h>

static void test_doctor_says_what_is_found_and_used(void **state) {
    (void)state;
    struct cli_result result;
    cli_expect(&result, 0, "satsync doctor");
    assert_non_null(strstr(result.out, "io_uring"));
    assert_non_null(strstr(result.out, "used:"));
    cli_expect(&result, 0, "satsync doctor . --json");
    json_t *object = cli_json(&result);
    json_t *array = json_object_get(object, "findings");
    assert_true(json_array_size(array) >= 9);
    for (size_t i = 0; i < json_array_size(array); i++) {
        json_t *finding = json_array_get(array, i);
        const char *word = json_string_value(json_object_get(finding, "state"));
        assert_true(strcmp(word, "good") == 0 || strcmp(word, "short") == 0 ||
                    strcmp(word, "missing") == 0);
        assert_true(json_string_value(json_object_get(finding, "found"))[0] != '\0');
        assert_true(json_string_value(json_object_get(finding, "used"))[0] != '\0');
        assert_non_null(json_string_value(json_object_get(finding, "advice")));
    }
    json_decref(object);
}

static void test_doctor_fails_for_wrong_arguments_only(void **state) {
    (void)state;
    struct cli_result result;
    cli_expect(&result, 2, "satsync doctor absent");
    assert_non_null(strstr(result.err, "absent"));
    cli_expect(&result, 2, "satsync doctor . ..");
    cli_expect(&result, 2, "satsync doctor --step 3");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_doctor_says_what_is_found_and_used, cli_enter,
                                        cli_leave),
        cmocka_unit_test_setup_teardown(test_doctor_fails_for_wrong_arguments_only, cli_enter,
                                        cli_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
