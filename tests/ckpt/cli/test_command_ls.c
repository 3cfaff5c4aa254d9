#include "support/cli.h"
#include "support/cmocka.h"

#include <string.h>

static void test_ls_of_an_empty_store(void **state) {
    (void)state;
    struct cli_result result;
    cli_expect(&result, 0, "satsync keygen site.key");
    cli_expect(&result, 0, "satsync init store --key site.key");
    cli_expect(&result, 0, "satsync ls store");
    assert_string_equal(result.out, "no checkpoints\n");
    cli_expect(&result, 0, "satsync ls store --json");
    json_t *object = cli_json(&result);
    assert_int_equal(json_array_size(json_object_get(object, "checkpoints")), 0);
    json_decref(object);
}

static void test_ls_lists_in_ascending_steps(void **state) {
    (void)state;
    struct cli_result result;
    cli_make_store();
    cli_expect(&result, 0, "satsync save store model.safetensors --step 100 --key site.key");
    cli_expect(&result, 0, "satsync save store model.safetensors --step 20 --key site.key");
    cli_expect(&result, 0, "satsync ls store --json");
    static const json_int_t steps[] = {7, 20, 100};
    json_t *object = cli_json(&result);
    json_t *array = json_object_get(object, "checkpoints");
    assert_int_equal(json_array_size(array), 3);
    for (size_t i = 0; i < 3; i++) {
        json_t *step = json_object_get(json_array_get(array, i), "step");
        assert_int_equal(json_integer_value(step), steps[i]);
    }
    json_decref(object);
    cli_expect(&result, 0, "satsync ls store");
    assert_memory_equal(result.out, "STEP", 4);
}

static void test_a_damaged_manifest_is_named_and_hides_no_other(void **state) {
    (void)state;
    struct cli_result result;
    cli_make_store();
    cli_expect(&result, 0, "satsync save store model.safetensors --step 8 --key site.key");
    cli_write_file("store/manifests/00000000000000000007.manifest", "damaged", 7);
    cli_expect(&result, 6, "satsync ls store --json");
    json_t *object = cli_json(&result);
    json_t *array = json_object_get(object, "checkpoints");
    assert_int_equal(json_array_size(array), 1);
    json_t *step = json_object_get(json_array_get(array, 0), "step");
    assert_int_equal(json_integer_value(step), 8);
    assert_non_null(strstr(result.err, "7"));
    json_decref(object);
}

static void test_ls_refuses_what_is_no_store(void **state) {
    (void)state;
    struct cli_result result;
    cli_expect(&result, 2, "satsync ls absent");
    cli_expect(&result, 2, "satsync ls .");
    cli_write_file("file", "x", 1);
    cli_expect(&result, 2, "satsync ls file");
    assert_non_null(strstr(result.err, "file"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ls_of_an_empty_store, cli_enter, cli_leave),
        cmocka_unit_test_setup_teardown(test_ls_lists_in_ascending_steps, cli_enter, cli_leave),
        cmocka_unit_test_setup_teardown(test_a_damaged_manifest_is_named_and_hides_no_other,
                                        cli_enter, cli_leave),
        cmocka_unit_test_setup_teardown(test_ls_refuses_what_is_no_store, cli_enter, cli_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
