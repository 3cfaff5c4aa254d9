#include "transport/link/uri.h"

#include "support/cmocka.h"
#include "transport/link/endpoint.h"
#include "transport/wan/noise.h"

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

enum { BYTES = 32 << 20, SLICE_BYTES = 1 << 20 };

/* One end over a real socket. */
struct end {
    struct endpoint *endpoint;
    struct link *link;
    uint64_t written;
    uint64_t received;
    bool delivered;
    bool down;
};

static void open_end(struct end *end, const struct endpoint_options *options, bool listen) {
    const struct uri_options uri = {.listen = listen};
    struct endpoint_options own = *options;
    assert_int_equal(uri_open("127.0.0.1:0", &uri, &own.net, NULL), SATSYNC_OK);
    assert_int_equal(endpoint_open(&own, &end->endpoint, NULL), SATSYNC_OK);
}

/* SATSYNC_AGAIN only means that it is asked again after the next poll. */
static void write_more(struct end *end, uint64_t number) {
    static const uint8_t data[SLICE_BYTES];
    const struct link_slice slice = {.data = data, .bytes = sizeof data};
    while (end->written < BYTES && end->link->ops->write(end->link, number, &slice) == SATSYNC_OK) {
        end->written += sizeof data;
    }
}

static void poll_end(struct end *end) {
    struct link_event event;
    while (end->endpoint->ops->poll(end->endpoint, &event)) {
        if (event.kind == LINK_EVENT_DATA) {
            end->received += event.bytes;
            event.link->ops->release(event.link, event.bytes);
        }
        end->delivered = end->delivered || event.kind == LINK_EVENT_DELIVERED;
        end->down = end->down || event.kind == LINK_EVENT_DOWN;
    }
}

static void test_links_run_over_real_sockets(void **state) {
    (void)state;
    const uint8_t seeds[2][LINK_KEY_BYTES] = {{1}, {2}};
    uint8_t keys[2][LINK_KEY_BYTES];
    struct end ends[2] = {0};
    char address[64];
    for (int i = 0; i < 2; i++) {
        noise_ed25519_of_seed(seeds[i], keys[i]);
    }
    open_end(&ends[0],
             &(struct endpoint_options){.seed = seeds[0],
                                        .accept = true,
                                        .peers = (const uint8_t(*)[LINK_KEY_BYTES])keys,
                                        .peer_count = 2},
             true);
    open_end(&ends[1], &(struct endpoint_options){.seed = seeds[1]}, false);
    struct endpoint *from = ends[1].endpoint;
    ends[0].endpoint->ops->local(ends[0].endpoint, address, sizeof address);
    const struct link_target target = {.address = address, .peer_key = keys[0]};
    assert_int_equal(from->ops->connect(from, &target, &ends[1].link, NULL), SATSYNC_OK);
    uint64_t number;
    const struct link_message message = {.class = LINK_CHECKPOINT, .bytes = BYTES};
    assert_int_equal(ends[1].link->ops->submit(ends[1].link, &message, &number), SATSYNC_OK);
    uint64_t began_ns = from->ops->now_ns(from);
    while (!ends[1].delivered && !ends[1].down) {
        for (int i = 0; i < 2; i++) {
            poll_end(&ends[i]);
        }
        write_more(&ends[1], number);
        ends[0].endpoint->ops->wait(ends[0].endpoint, from->ops->now_ns(from) + 100000);
    }
    uint64_t took_ns = from->ops->now_ns(from) - began_ns;
    print_message("%d MiB in %d ms\n", BYTES >> 20, (int)(took_ns / 1000000));
    assert_false(ends[1].down);
    assert_int_equal(ends[0].received, BYTES);
    for (int i = 0; i < 2; i++) {
        ends[i].endpoint->ops->close(ends[i].endpoint);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rest_is_what_follows_the_scheme),
        cmocka_unit_test(test_scheme_opens_what_was_handed_in),
        cmocka_unit_test(test_unknown_scheme_is_named),
        cmocka_unit_test(test_udp_opens_a_socket_and_tells_its_port),
        cmocka_unit_test(test_links_run_over_real_sockets),
        cmocka_unit_test(test_bad_addresses_are_refused_with_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
