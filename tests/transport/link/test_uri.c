#include "transport/link/uri.h"

#include "support/cmocka.h"

#include <stdio.h>
#include <string.h>

struct seen {
    char rest[64];
    bool listen;
};

static enum satsync_status open_seen(void *context, const char *rest, bool listen, struct net **net,
                                     struct satsync_error *error) {
    (void)error;
    struct seen *seen = context;
    snprintf(seen->rest, sizeof seen->rest, "%s", rest);
    seen->listen = listen;
    *net = NULL;
    return SATSYNC_BUSY;
}

static void test_rest_is_what_follows_the_scheme(void **state) {
    (void)state;
    const char *cases[][2] = {{"example.org:4433", "example.org:4433"},
                              {"geo:4433", "geo:4433"},
                              {"localhost:0", "localhost:0"},
                              {"127.0.0.1:4433", "127.0.0.1:4433"},
                              {"[::1]:4433", "[::1]:4433"},
                              {":4433", ":4433"},
                              {"udp:example.org:4433", "example.org:4433"},
                              {"udp://example.org:4433", "example.org:4433"},
                              {"udp:[::1]:4433", "[::1]:4433"},
                              {"udp::4433", ":4433"},
                              {"sim:geo?seed=7", "geo?seed=7"},
                              {"sim:0", "sim:0"},
                              {"", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(uri_rest(cases[i][0]), cases[i][1]);
    }
}

static void test_scheme_opens_what_was_handed_in(void **state) {
    (void)state;
    struct seen seen = {0};
    struct net *net;
    const struct uri_scheme schemes[] = {{.name = "simulated", .open = open_seen},
                                         {.name = "sim", .open = open_seen, .context = &seen}};
    const struct uri_options options = {.schemes = schemes, .scheme_count = 2, .listen = true};
    assert_int_equal(uri_open("sim:geo?seed=7", &options, &net, NULL), SATSYNC_BUSY);
    assert_string_equal(seen.rest, "geo?seed=7");
    assert_true(seen.listen);
}

static void test_unknown_scheme_is_named(void **state) {
    (void)state;
    const char *cases[] = {"quic:host:1", "http://x", "si:geo", "simx:geo"};
    const struct uri_scheme scheme = {.name = "sim", .open = open_seen};
    const struct uri_options options = {.schemes = &scheme, .scheme_count = 1};
    for (int i = 0; i < 4; i++) {
        struct satsync_error error;
        struct net *net;
        assert_int_equal(uri_open(cases[i], &options, &net, &error), SATSYNC_INVALID);
        assert_null(net);
        assert_string_equal(error.subject, cases[i]);
        assert_non_null(strstr(error.message, "scheme"));
    }
}

static void test_udp_opens_a_socket_and_tells_its_port(void **state) {
    (void)state;
    const char *cases[] = {"127.0.0.1:0", "udp:127.0.0.1:0", "udp://127.0.0.1:0"};
    const struct uri_options options = {.listen = true};
    for (int i = 0; i < 3; i++) {
        struct net *net;
        struct satsync_error error;
        if (uri_open(cases[i], &options, &net, &error) != SATSYNC_OK) {
            fail_msg("%s: %s", error.subject, error.message);
        }
        struct net_address address;
        char text[64];
        net->ops->local(net, &address);
        net->ops->format(net, &address, text, sizeof text);
        assert_memory_equal(text, "127.0.0.1:", 10);
        assert_string_not_equal(text, "127.0.0.1:0");
        net->ops->close(net);
    }
}

static void test_bad_addresses_are_refused_with_a_sentence(void **state) {
    (void)state;
    const char *cases[] = {"127.0.0.1:99999", "127.0.0.1", "udp:127.0.0.1:x"};
    const struct uri_options options = {.listen = true};
    for (int i = 0; i < 3; i++) {
        struct net *net;
        struct satsync_error error = {0};
        assert_int_not_equal(uri_open(cases[i], &options, &net, &error), SATSYNC_OK);
        assert_null(net);
        assert_true(strlen(error.message) > 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rest_is_what_follows_the_scheme),
        cmocka_unit_test(test_scheme_opens_what_was_handed_in),
        cmocka_unit_test(test_unknown_scheme_is_named),
        cmocka_unit_test(test_udp_opens_a_socket_and_tells_its_port),
        cmocka_unit_test(test_bad_addresses_are_refused_with_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
