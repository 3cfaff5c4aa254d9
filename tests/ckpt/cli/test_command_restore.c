#include "support/cli.h"
#include "support/cmocka.h"

static void test_restore_gives_the_bytes_back(void **state) {
    (void)state;
    struct cli_result result;
    cli_make_store();
    cli_expect(&result, 0, "satsync restore store 7 -o out --key site.key");
    assert_true(cli_same_files("model.safetensors", "out"));
    cli_expect(&result, 0, "satsync restore store 7 -o set/ --key site.key");
    assert_true(cli_same_files("model.safetensors", "set/model.safetensors"));
}

static void test_restore_of_one_tensor(void **state) {
    (void)state;
    struct cli_result result;
    cli_make_store();
    cli_expect(&result, 0, "satsync restore store 7 -o out --key site.key --tensor a[0:1,1:3]");
    cli_expect(&result, 0, "satsync init boxes --key site.key");
    cli_expect(&result, 0, "satsync save boxes out --step 1 --key site.key");
    cli_expect(&result, 0, "satsync show boxes 1 --key site.key --json");
    json_t *object = cli_json(&result);
    json_t *tensors = json_object_get(object, "tensors");
    assert_int_equal(json_array_size(tensors), 1);
    json_t *bytes = json_object_get(json_array_get(tensors, 0), "bytes");
    assert_int_equal(json_integer_value(bytes), 8);
    json_decref(object);
}

static void test_a_failed_restore_keeps_what_was_there(void **state) {
    (void)state;
    struct cli_result result;
    cli_make_store();
    cli_expect(&result, 0, "satsync keygen other.key");
    cli_write_file("kept", "precious", 8);
    cli_write_file("precious", "precious", 8);
    cli_expect(&result, 6, "satsync restore store 7 -o kept --key other.key");
    cli_expect(&result, 2, "satsync restore store 8 -o kept --key site.key");
    cli_expect(&result, 2, "satsync restore store 7 -o kept --key site.key --tensor absent");
    cli_expect(&result, 2, "satsync restore store 7 -o kept --key site.key --tensor a[0:9,0:1]");
    cli_expect(&result, 2, "satsync restore store 7 -o kept --key site.key --tensor a[0:1");
    assert_true(cli_same_files("kept", "precious"));
    cli_expect(&result, 2, "satsync restore store 8 -o new --key site.key");
    assert_false(cli_exists("new"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_restore_gives_the_bytes_back, cli_enter, cli_leave),
        cmocka_unit_test_setup_teardown(test_restore_of_one_tensor, cli_enter, cli_leave),
        cmocka_unit_test_setup_teardown(test_a_failed_restore_keeps_what_was_there, cli_enter,
                                        cli_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
