#include "support/cli.h"
#include "support/cmocka.h"

#include <string.h>

static void test_verify_says_against_what_it_checked(void **state) {
    (void)state;
    struct cli_result result;
    cli_make_store();
    cli_expect(&result, 0, "satsync verify store");
    assert_non_null(strstr(result.out, "accidents only"));
    cli_expect(&result, 0, "satsync verify store 7 --key site.key");
    assert_non_null(strstr(result.out, "accidents and forgery"));
    cli_expect(&result, 0, "satsync verify store --key site.key --json");
    json_t *object = cli_json(&result);
    assert_int_equal(json_integer_value(json_object_get(object, "checkpoints")), 1);
    assert_int_equal(json_integer_value(json_object_get(object, "damaged")), 0);
    assert_true(json_is_true(json_object_get(object, "authenticated")));
    json_decref(object);
}

static void test_verify_of_an_absent_step(void **state) {
    (void)state;
    struct cli_result result;
    cli_make_store();
    cli_expect(&result, 2, "satsync verify store 8");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_verify_says_against_what_it_checked, cli_enter,
                                        cli_leave),
        cmocka_unit_test_setup_teardown(test_verify_of_an_absent_step, cli_enter, cli_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
