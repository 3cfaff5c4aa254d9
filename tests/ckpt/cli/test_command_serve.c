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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_serve_for_nobody_does_not_start, cli_enter, cli_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
