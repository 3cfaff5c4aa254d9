#include "sim-link/cli/command.h"

#include "support/cmocka.h"

#include <string.h>

static void test_an_unknown_command_is_named_with_the_nearest(void **state) {
    (void)state;
    struct satsync_error error;
    assert_null(command_find("relai", &error));
    assert_int_equal(error.status, SATSYNC_INVALID);
    assert_non_null(strstr(error.message, "relay"));
    assert_non_null(command_find("check", &error));
}

static void test_a_command_takes_its_options_and_no_others(void **state) {
    (void)state;
    struct satsync_error error;
    struct cli_args args;
    const char *control[] = {"--control", "/tmp/x", "geo"};
    struct cli_args_rows rows = {command_rows, OPTIONS};
    assert_int_equal(cli_args_parse(&args, &rows, 3, control, &error), SATSYNC_OK);
    assert_int_equal(command_check(command_find("relay", &error), &args, &error), SATSYNC_OK);
    assert_int_equal(command_check(command_find("show", &error), &args, &error), SATSYNC_INVALID);
    assert_non_null(strstr(error.message, "--control"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_unknown_command_is_named_with_the_nearest),
        cmocka_unit_test(test_a_command_takes_its_options_and_no_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
