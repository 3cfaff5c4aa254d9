#include "sim-link/cli/recording.h"

#include "sim-link/cli/command.h"
#include "support/cmocka.h"

static void test_options_say_what_is_written(void **state) {
    (void)state;
    struct cli_args args;
    struct cli_args_rows rows = {command_rows, OPTIONS};
    const char *const given[] = {"--series", "a.csv", "--step=20ms"};
    assert_int_equal(cli_args_parse(&args, &rows, 3, given, NULL), SATSYNC_OK);
    struct record_options options = recording_options(&args, 5);
    assert_null(options.capture.path);
    assert_string_equal(options.timeline.path, "a.csv");
    assert_int_equal(options.timeline.step_ns, 20000000);
    assert_int_equal(options.capture.origin_ns, 5);
    assert_int_equal(cli_args_parse(&args, &rows, 0, given, NULL), SATSYNC_OK);
    assert_null(recording_options(&args, 5).timeline.path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_say_what_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
