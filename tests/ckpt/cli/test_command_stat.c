#include "support/cli.h"
#include "support/cmocka.h"

#include <string.h>

static void test_stat_lists_tensors_and_their_sum(void **state) {
    (void)state;
    struct cli_result result;
    cli_make_store(); /* step 7: "a" of 24 bytes, "b" of 4 */
    cli_expect(&result, 0, "satsync save store model.safetensors --step 8 --base 7 --key site.key");
    cli_expect(&result, 0, "satsync stat store 7 --key site.key");
    assert_non_null(strstr(result.out, "stored"));
    assert_non_null(strstr(result.out, "(all)"));
    cli_expect(&result, 0, "satsync stat store 8 --key site.key --json");
    json_t *object = cli_json(&result);
    json_t *total = json_object_get(object, "total");
    assert_int_equal(json_array_size(json_object_get(object, "tensors")), 2);
    assert_int_equal(json_integer_value(json_object_get(total, "raw_bytes")), 28);
    assert_int_equal(json_integer_value(json_object_get(total, "unchanged_bytes")), 28);
    assert_int_equal(json_integer_value(json_object_get(total, "stored_bytes")), 0);
    json_decref(object);
}

static void test_stat_needs_the_step_and_a_recipients_key(void **state) {
    (void)state;
    struct cli_result result;
    cli_make_store();
    cli_expect(&result, 2, "satsync stat store 9 --key site.key");
    cli_expect(&result, 0, "satsync keygen other.key");
    cli_expect(&result, 6, "satsync stat store 7 --key other.key");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_stat_lists_tensors_and_their_sum, cli_enter,
                                        cli_leave),
        cmocka_unit_test_setup_teardown(test_stat_needs_the_step_and_a_recipients_key, cli_enter,
                                        cli_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
