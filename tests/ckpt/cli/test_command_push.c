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

static void test_push_to_nobody_gives_up_and_tells_how_far_it_came(void **state) {
    (void)state;
    struct cli_result result;
    cli_make_store();
    cli_expect(&result, 4,
               "satsync push store 7 127.0.0.1:9 --key site.key --peer site.key.pub --give-up 1s "
               "--json");
    json_t *object = cli_json(&result);
    assert_string_equal(json_string_value(json_object_get(object, "class")), "link");
    assert_true(json_is_integer(json_object_get(object, "payload_bytes")));
    assert_int_equal(json_integer_value(json_object_get(object, "step")), 7);
    json_decref(object);
}

static void test_push_refuses_an_address_that_is_none(void **state) {
    (void)state;
    struct cli_result result;
    cli_make_store();
    cli_run(&result, "satsync push store 7 nowhere --key site.key --peer site.key.pub");
    assert_true(result.code == 2 || result.code == 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_push_of_an_absent_step_does_not_call_the_peer,
                                        cli_enter, cli_leave),
        cmocka_unit_test_setup_teardown(test_push_needs_the_peers_key, cli_enter, cli_leave),
        cmocka_unit_test_setup_teardown(test_push_to_nobody_gives_up_and_tells_how_far_it_came,
                                        cli_enter, cli_leave),
        cmocka_unit_test_setup_teardown(test_push_refuses_an_address_that_is_none, cli_enter,
                                        cli_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
