#include "sim-link/relay_command.h"

#include "support/cmocka.h"
#include "support/relay_world.h"

#include <string.h>

/* Runs a command; true when the answer contains `expected`. */
static bool says(struct relay_world *world, const char *line, const char *expected, bool *quit) {
    struct json json;
    json_init(&json, NULL);
    relay_command(world->relay, line, quit, &json);
    bool found = strstr(json_finish(&json), expected) != NULL;
    json_fini(&json);
    return found;
}

static void test_commands_shut_open_and_report(void **state) {
    (void)state;
    struct relay_world world;
    bool quit = false;
    relay_world_open(&world, "plain");
    assert_true(says(&world, "down", "{\"ok\":true}", &quit));
    assert_true(relay_is_shut(world.relay));
    assert_true(says(&world, "get", "\"shut\":true,\"report\":{", &quit));
    assert_true(says(&world, "metrics", "satsync_link_clients 0\\n", &quit));
    assert_true(says(&world, "get", "\"rate_bps\":", &quit));
    assert_true(says(&world, "up", "{\"ok\":true}", &quit));
    assert_false(relay_is_shut(world.relay));
    assert_true(says(&world, "outage 5min", "{\"ok\":true}", &quit));
    assert_true(relay_is_shut(world.relay));
    assert_false(quit);
    assert_true(says(&world, "quit", "{\"ok\":true}", &quit));
    assert_true(quit);
    relay_world_close(&world);
}

static void test_what_is_no_command_is_refused(void **state) {
    (void)state;
    struct relay_world world;
    bool quit = false;
    relay_world_open(&world, "plain");
    assert_true(says(&world, "dwn", "did you mean down", &quit));
    assert_true(says(&world, "outage 5", "\"ok\":false", &quit));
    assert_true(says(&world, "outage", "\"ok\":false", &quit));
    assert_true(says(&world, "", "\"ok\":false", &quit));
    assert_false(relay_is_shut(world.relay));
    assert_false(quit);
    relay_world_close(&world);
}

static void test_set_changes_the_running_link(void **state) {
    (void)state;
    struct relay_world world;
    bool quit = false;
    relay_world_open(&world, "plain");
    assert_true(says(&world, "set down.loss=100%&rate=5M&rtt=20ms", "{\"ok\":true}", &quit));
    assert_true(says(&world, "set los=1%", "did you mean", &quit));
    assert_true(says(&world, "set mtu=1000", "cannot be changed", &quit));
    assert_true(says(&world, "set rate=fast", "\"ok\":false", &quit));
    relay_world_close(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_changes_the_running_link),
        cmocka_unit_test(test_commands_shut_open_and_report),
        cmocka_unit_test(test_what_is_no_command_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
