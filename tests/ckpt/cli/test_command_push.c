#include "support/cli.h"
#include "support/cmocka.h"

#include <string.h>

static void test_push_of_an_absent_step_does_not_call_the_peer(void **state) {
    (void)state;
    struct cli_result result;
    cli_make_store();
    cli_expect(&result, 2, "satsync push store 8 127.0.0.1:9 --key site.key --peer site.key.pub");
    assert_non_null(strstr(result.err, "8"));
}

static void test_push_needs_the_peers_key(void **state) {
    (void)state;
    struct cli_result result;
    cli_make_store();
    cli_expect(&result, 2, "satsync push store 7 127.0.0.1:9 --key site.key");
    assert_non_null(strstr(result.err, "--peer"));
    cli_expect(&result, 2, "satsync push store 7 127.0.0.1:9 --key site.key --peer absent.pub");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_push_of_an_absent_step_does_not_call_the_peer,
                                        cli_enter, cli_leave),
        cmocka_unit_test_setup_teardown(test_push_needs_the_peers_key, cli_enter, cli_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
