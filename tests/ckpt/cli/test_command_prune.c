#include "support/cli.h"
#include "support/cmocka.h"

#include <string.h>

static void make_three(void) {
    struct cli_result result;
    cli_make_store(); /* step 7 */
    cli_expect(&result, 0, "satsync save store model.safetensors --step 8 --key site.key");
    cli_expect(&result, 0, "satsync save store model.safetensors --step 9 --key site.key");
}

static void test_a_dry_run_says_what_prune_then_does(void **state) {
    (void)state;
    struct cli_result result;
    make_three();
    cli_expect(&result, 0, "satsync prune store --keep-last 1 --keep-every 4 --dry-run");
    assert_non_null(strstr(result.out, "would remove step 7"));
    cli_expect(&result, 0, "satsync show store 7");
    cli_expect(&result, 0, "satsync prune store --keep-last 1 --keep-every 4 --json");
    json_t *object = cli_json(&result);
    assert_int_equal(json_integer_value(json_object_get(object, "removed")), 1);
    assert_int_equal(json_integer_value(json_object_get(object, "kept")), 2);
    assert_true(json_integer_value(json_object_get(object, "freed_bytes")) > 0);
    assert_true(json_is_false(json_object_get(object, "dry_run")));
    assert_int_equal(json_integer_value(json_array_get(json_object_get(object, "steps"), 0)), 7);
    json_decref(object);
    cli_expect(&result, 2, "satsync show store 7");
    cli_expect(&result, 0, "satsync verify store --key site.key");
}

static void test_prune_wants_to_be_told_what_to_keep(void **state) {
    (void)state;
    struct cli_result result;
    make_three();
    cli_expect(&result, 2, "satsync prune store");
    assert_non_null(strstr(result.err, "--keep-last"));
    cli_expect(&result, 2, "satsync prune store --keep-last 0");
    cli_expect(&result, 0, "satsync show store 7");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_dry_run_says_what_prune_then_does, cli_enter,
                                        cli_leave),
        cmocka_unit_test_setup_teardown(test_prune_wants_to_be_told_what_to_keep, cli_enter,
                                        cli_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
