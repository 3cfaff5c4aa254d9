#include "support/cli.h"
#include "support/cmocka.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void test_a_key_that_others_may_read_is_refused(void **state) {
    (void)state;
    struct cli_result result;
    cli_make_store();
    assert_int_equal(chmod("site.key", 0644), 0);
    cli_expect(&result, 3, "satsync show store 7 --key site.key");
    assert_non_null(strstr(result.err, "site.key"));
}

static void test_the_environment_names_the_key(void **state) {
    (void)state;
    struct cli_result result;
    cli_make_store();
    setenv("SATSYNC_KEY", "site.key", 1);
    cli_expect(&result, 0, "satsync show store 7");
    assert_non_null(strstr(result.out, "[2, 3]"));
    setenv("SATSYNC_KEY", "absent.key", 1);
    cli_expect(&result, 2, "satsync show store 7");
    cli_expect(&result, 0, "satsync ls store");
}

static void test_memory_and_workers_are_bounded(void **state) {
    (void)state;
    struct cli_result result;
    cli_make_store();
    cli_expect(&result, 0, "satsync ls store --memory 8MiB --workers 1");
    cli_expect(&result, 2, "satsync ls store --memory 1MiB");
    cli_expect(&result, 2, "satsync ls store --workers 0");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_key_that_others_may_read_is_refused, cli_enter,
                                        cli_leave),
        cmocka_unit_test_setup_teardown(test_the_environment_names_the_key, cli_enter, cli_leave),
        cmocka_unit_test_setup_teardown(test_memory_and_workers_are_bounded, cli_enter, cli_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
