#include "support/cli.h"
#include "support/cmocka.h"

#include <string.h>

static void test_pull_from_nobody_gives_up(void **state) {
    (void)state;
    struct cli_result result;
    cli_make_store();
    cli_expect(&result, 4,
               "satsync pull store 9 127.0.0.1:9 --key site.key --peer site.key.pub --give-up 1s "
               "--json");
    json_t *object = cli_json(&result);
    assert_string_equal(json_string_value(json_object_get(object, "command")), "pull");
    assert_true(json_is_integer(json_object_get(object, "elapsed_ns")));
    json_decref(object);
    cli_expect(&result, 2, "satsync show store 9");
}

static void test_pull_needs_store_key_and_peer(void **state) {
    (void)state;
    struct cli_result result;
    cli_make_store();
    cli_expect(&result, 2, "satsync pull store 9 127.0.0.1:9 --peer site.key.pub");
    cli_expect(&result, 2, "satsync pull store 9 127.0.0.1:9 --key site.key");
    cli_expect(&result, 2, "satsync pull absent 9 h:1 --key site.key --peer site.key.pub");
    assert_non_null(strstr(result.err, "absent"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_pull_from_nobody_gives_up, cli_enter, cli_leave),
        cmocka_unit_test_setup_teardown(test_pull_needs_store_key_and_peer, cli_enter, cli_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
