#include "support/cli.h"
#include "support/cmocka.h"

static void test_init_makes_a_store(void **state) {
    (void)state;
    struct cli_result result;
    cli_expect(&result, 0, "satsync keygen site.key");
    cli_expect(&result, 0, "satsync keygen other.key");
    cli_expect(&result, 0, "satsync init store --key site.key --recipient other.key.pub --json");
    json_t *object = cli_json(&result);
    assert_int_equal(json_integer_value(json_object_get(object, "recipients")), 1);
    json_decref(object);
    cli_expect(&result, 0, "satsync ls store");
}

static void test_init_refuses_what_is_there(void **state) {
    (void)state;
    struct cli_result result;
    cli_expect(&result, 0, "satsync keygen site.key");
    cli_write_file("file", "x", 1);
    cli_expect(&result, 2, "satsync init file --key site.key");
    cli_expect(&result, 2, "satsync init . --key site.key");
    cli_expect(&result, 0, "satsync init store --key site.key");
    cli_expect(&result, 2, "satsync init store --key site.key");
}

static void test_init_needs_its_keys(void **state) {
    (void)state;
    struct cli_result result;
    cli_expect(&result, 2, "satsync init store");
    cli_expect(&result, 2, "satsync init store --key absent.key");
    cli_expect(&result, 0, "satsync keygen site.key");
    cli_expect(&result, 2, "satsync init store --key site.key --recipient absent.pub");
    assert_false(cli_exists("store"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_init_makes_a_store, cli_enter, cli_leave),
        cmocka_unit_test_setup_teardown(test_init_refuses_what_is_there, cli_enter, cli_leave),
        cmocka_unit_test_setup_teardown(test_init_needs_its_keys, cli_enter, cli_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
