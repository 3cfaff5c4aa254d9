#include "support/cli.h"
#include "support/cmocka.h"

#include <string.h>

static void test_show_with_the_key_lists_tensors(void **state) {
    (void)state;
    struct cli_result result;
    cli_make_store();
    cli_expect(&result, 0, "satsync show store 7 --key site.key");
    assert_non_null(strstr(result.out, "[2, 3]"));
    cli_expect(&result, 0, "satsync show store 7 --key site.key --json");
    json_t *object = cli_json(&result);
    json_t *first = json_array_get(json_object_get(object, "tensors"), 0);
    assert_string_equal(json_string_value(json_object_get(first, "name")), "a");
    assert_string_equal(json_string_value(json_object_get(first, "dtype")), "F32");
    assert_int_equal(json_integer_value(json_object_get(first, "bytes")), 24);
    json_decref(object);
}

static void test_show_without_a_recipients_key_says_why_not(void **state) {
    (void)state;
    struct cli_result result;
    cli_make_store();
    cli_expect(&result, 0, "satsync show store 7");
    assert_non_null(strstr(result.out, "give --key"));
    cli_expect(&result, 0, "satsync keygen other.key");
    cli_expect(&result, 0, "satsync show store 7 --key other.key");
    assert_non_null(strstr(result.out, "not a recipient"));
    assert_null(strstr(result.out, "F32"));
}

static void test_show_of_an_absent_step(void **state) {
    (void)state;
    struct cli_result result;
    cli_make_store();
    cli_expect(&result, 2, "satsync show store 8");
    assert_non_null(strstr(result.err, "8"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_show_with_the_key_lists_tensors, cli_enter, cli_leave),
        cmocka_unit_test_setup_teardown(test_show_without_a_recipients_key_says_why_not, cli_enter,
                                        cli_leave),
        cmocka_unit_test_setup_teardown(test_show_of_an_absent_step, cli_enter, cli_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
