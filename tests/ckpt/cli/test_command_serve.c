#include "support/cli.h"
#include "support/cmocka.h"

#include <string.h>

static void test_serve_for_nobody_does_not_start(void **state) {
    (void)state;
    struct cli_result result;
    cli_make_store();
    cli_expect(&result, 2, "satsync serve store --listen 127.0.0.1:0 --key site.key");
    assert_non_null(strstr(result.err, "--allow"));
    assert_string_equal(result.out, "");
}

static void test_serve_needs_addresses_and_keys_that_are_some(void **state) {
    (void)state;
    struct cli_result result;
    cli_make_store();
    cli_expect(&result, 2,
               "satsync serve store --listen 127.0.0.1:0 --key site.key --allow absent.pub");
    cli_expect(&result, 2, "satsync serve store --key site.key --allow site.key.pub");
    cli_run(&result,
            "satsync serve store --listen 192.0.2.1:0 --key site.key --allow site.key.pub");
    assert_int_equal(result.code, 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_serve_for_nobody_does_not_start, cli_enter, cli_leave),
        cmocka_unit_test_setup_teardown(test_serve_needs_addresses_and_keys_that_are_some,
                                        cli_enter, cli_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
