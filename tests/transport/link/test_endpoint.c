#include "transport/link/endpoint.h"

#include "base/random.h"
#include "support/allocator.h"
#include "support/cmocka.h"
#include "support/sites.h"
#include "transport/wan/handshake.h"

#include <string.h>

#define SECOND UINT64_C(1000000000)
#define MINUTE (60 * SECOND)

static const char quick[] = "plain?rate=100M&rtt=50ms";
static const char lossy[] = "plain?rate=100M&rtt=100ms&loss=3%";

/* Site 0 lets all in; the others call. */
static void set_up(struct sites *sites, size_t count, const char *profile) {
    sites_open(sites, count, profile, 42);
    sites_start(sites, 0, &(struct endpoint_options){.accept = true});
    for (size_t n = 1; n < count; n++) {
        sites_start(sites, n, &(struct endpoint_options){0});
    }
}

static void assert_nothing_wrong(const struct sites *sites) {
    for (size_t n = 0; n < sites->count; n++) {
        assert_int_equal(sites->at[n].wrong, 0);
    }
}

static void test_two_sites_shake_hands_and_know_each_other(void **state) {
    (void)state;
    struct sites sites;
    set_up(&sites, 2, quick);
    sites_connect(&sites, 1, 0, 0);
    assert_true(sites_run_until(&sites, &sites.at[1].ups, 1, MINUTE));
    assert_int_equal(sites.at[0].ups, 1);
    assert_memory_equal(sites.at[1].peer_key, sites.at[0].key, LINK_KEY_BYTES);
    assert_memory_equal(sites.at[0].peer_key, sites.at[1].key, LINK_KEY_BYTES);
    struct endpoint_counters counters;
    sites_run(&sites, net_sim_now_ns(sites.world) + SECOND);
    endpoint_counters(sites.at[0].endpoint, &counters);
    assert_int_equal(counters.links, 1);
    assert_int_equal(counters.half_open, 0);
    sites_close(&sites);
}

/* The events of site 0 up to the end of a letter, whose link is returned. */
static struct link *await_letter(struct sites *sites) {
    for (int turns = 0; turns < 1000; turns++) {
        for (size_t n = sites->count; n-- > 0;) {
            struct endpoint *endpoint = sites->at[n].endpoint;
            struct link_event event;
            while (endpoint->ops->poll(endpoint, &event)) {
                if (n == 0 && event.kind == LINK_EVENT_RECEIVED) {
                    return event.link;
                }
            }
            endpoint->ops->wait(endpoint, UINT64_MAX);
        }
        (void)net_sim_advance(sites->world);
    }
    return NULL;
}

static void test_letter_is_acknowledged_before_it_is_handed_over(void **state) {
    (void)state;
    struct sites sites;
    set_up(&sites, 2, quick);
    struct link *caller = sites_connect(&sites, 1, 0, 0);
    const struct link_message message = {.class = LINK_CONTROL, .bytes = 4};
    const struct link_slice slice = {.data = (const uint8_t *)"ask", .bytes = 4};
    uint64_t number;
    assert_int_equal(caller->ops->submit(caller, &message, &number), SATSYNC_OK);
    assert_int_equal(caller->ops->write(caller, number, &slice), SATSYNC_OK);
    struct link *link = await_letter(&sites);
    assert_non_null(link);
    struct link_stats at_once;
    link->ops->stats(link, &at_once);
    struct link_event event;
    assert_false(sites.at[0].endpoint->ops->poll(sites.at[0].endpoint, &event));
    struct link_stats later;
    link->ops->stats(link, &later);
    assert_int_equal(at_once.wire_bytes, later.wire_bytes);
    sites_close(&sites);
}

static void test_messages_of_every_size_arrive_whole_both_ways(void **state) {
    (void)state;
    const uint64_t sizes[] = {1, 2, 1000, 1171, 1172, 1400, 1500, 65536, 300001};
    enum { COUNT = sizeof sizes / sizeof *sizes };
    struct sites sites;
    set_up(&sites, 2, lossy);
    struct link *link = sites_connect(&sites, 1, 0, 0);
    for (int i = 0; i < COUNT; i++) {
        sites_send(&sites, 1, link, sizes[i]);
    }
    assert_true(sites_run_until(&sites, &sites.at[1].delivered, COUNT, MINUTE));
    assert_int_equal(sites.at[0].received, COUNT);
    for (int i = 0; i < COUNT; i++) {
        sites_send(&sites, 0, sites.at[0].link, sizes[i]);
    }
    assert_true(sites_run_until(&sites, &sites.at[0].delivered, COUNT, MINUTE));
    assert_int_equal(sites.at[1].received, COUNT);
    assert_nothing_wrong(&sites);
    sites_close(&sites);
}

static void test_first_flight_carries_data(void **state) {
    (void)state;
    struct sites sites;
    set_up(&sites, 2, quick);
    uint64_t began_ns = net_sim_now_ns(sites.world);
    sites_send(&sites, 1, sites_connect(&sites, 1, 0, 0), 500);
    assert_true(sites_run_until(&sites, &sites.at[0].received, 1, MINUTE));
    /* One way is 25 ms: a handshake that came first would take three. */
    assert_true(net_sim_now_ns(sites.world) - began_ns < 40000000);
    sites_close(&sites);
}

static void test_ten_mebibytes_survive_loss(void **state) {
    (void)state;
    struct sites sites;
    set_up(&sites, 2, lossy);
    sites_send(&sites, 1, sites_connect(&sites, 1, 0, 0), 10 << 20);
    assert_true(sites_run_until(&sites, &sites.at[1].delivered, 1, 5 * MINUTE));
    assert_int_equal(sites.at[0].received, 1);
    assert_int_equal(sites.at[0].received_bytes, 10 << 20);
    assert_nothing_wrong(&sites);
    sites_close(&sites);
}

static void test_unknown_key_is_refused_within_a_round_trip(void **state) {
    (void)state;
    struct sites sites;
    sites_open(&sites, 3, quick, 1);
    const uint8_t(*only_one)[LINK_KEY_BYTES] = (const uint8_t(*)[LINK_KEY_BYTES])sites.at[1].key;
    sites_start(&sites, 0,
                &(struct endpoint_options){.accept = true, .peers = only_one, .peer_count = 1});
    sites_start(&sites, 2, &(struct endpoint_options){0});
    sites_connect(&sites, 2, 0, 0);
    assert_true(sites_run_until(&sites, &sites.at[2].downs, 1, SECOND));
    assert_int_equal(sites.at[2].down_status, SATSYNC_REFUSED);
    assert_int_equal(sites.at[0].ups, 0);
    struct endpoint_counters counters;
    endpoint_counters(sites.at[0].endpoint, &counters);
    assert_int_equal(counters.links, 0);
    sites_close(&sites);
}

static void test_another_site_at_the_address_is_refused(void **state) {
    (void)state;
    struct sites sites;
    set_up(&sites, 3, quick);
    sites_connect(&sites, 1, 0, 2);
    assert_true(sites_run_until(&sites, &sites.at[1].downs, 1, MINUTE));
    assert_int_equal(sites.at[1].down_status, SATSYNC_REFUSED);
    assert_int_equal(sites.at[0].ups, 0);
    sites_close(&sites);
}

static void test_endpoint_that_lets_in_must_name_its_peers(void **state) {
    (void)state;
    struct sites sites;
    sites_open(&sites, 1, quick, 1);
    const uint8_t seed[LINK_KEY_BYTES] = {1};
    const uint8_t no_key[1][LINK_KEY_BYTES] = {{2}};
    struct endpoint *endpoint;
    struct satsync_error error;
    struct endpoint_options options = {.net = sites.at[0].net, .seed = seed, .accept = true};
    assert_int_equal(endpoint_open(&options, &endpoint, &error), SATSYNC_INVALID);
    assert_null(endpoint);
    options.peers = no_key;
    options.peer_count = 1;
    assert_int_equal(endpoint_open(&options, &endpoint, &error), SATSYNC_INVALID);
    sites_close(&sites);
}

/* Site 1 by hand: a socket that says HELLO and looks at the answer. */
static size_t knock(struct sites *sites, uint8_t *datagram, size_t bytes, uint8_t *answer,
                    size_t room) {
    struct net *net = sites->at[1].net;
    struct net_batch batch = {.data = datagram, .bytes = bytes, .segment_bytes = bytes};
    assert_int_equal(net->ops->resolve(net, "sim:0", &batch.peer, NULL), SATSYNC_OK);
    assert_int_equal(net->ops->send(net, &batch), SATSYNC_OK);
    sites_run(sites, net_sim_now_ns(sites->world) + SECOND);
    if (!net->ops->receive(net, &batch)) {
        return 0;
    }
    assert_true(batch.bytes <= room);
    memcpy(answer, batch.data, batch.bytes);
    return batch.bytes;
}

static void test_newer_version_gets_ours_back(void **state) {
    (void)state;
    struct sites sites;
    uint8_t hello[1200] = {DATAGRAM_HELLO, HANDSHAKE_VERSION + 1, 1, 2, 3};
    uint8_t answer[1500];
    sites_open(&sites, 2, quick, 1);
    sites_start(&sites, 0, &(struct endpoint_options){.accept = true});
    assert_int_equal(knock(&sites, hello, sizeof hello, answer, sizeof answer), 10);
    assert_int_equal(answer[0], DATAGRAM_VERSION);
    assert_int_equal(answer[1], HANDSHAKE_VERSION);
    sites_close(&sites);
}

static void test_flood_of_garbage_makes_no_link_and_disturbs_none(void **state) {
    (void)state;
    struct sites sites;
    struct random random = random_of(7, 0);
    set_up(&sites, 3, quick);
    sites_kill(&sites, 2);
    struct net *net = net_sim_take(sites.world, 2);
    sites_send(&sites, 1, sites_connect(&sites, 1, 0, 0), 1 << 20);
    for (int round = 0; round < 200; round++) {
        uint8_t garbage[1400];
        struct net_batch batch = {.data = garbage};
        random_bytes(&random, garbage, sizeof garbage);
        garbage[0] = (uint8_t)(round % 2 ? DATAGRAM_HELLO + round / 2 % 7 : garbage[0]);
        garbage[1] = HANDSHAKE_VERSION;
        batch.bytes = 1 + random_below(&random, sizeof garbage);
        batch.bytes = round % 3 ? batch.bytes : HANDSHAKE_HELLO_BYTES;
        batch.segment_bytes = batch.bytes;
        assert_int_equal(net->ops->resolve(net, "sim:0", &batch.peer, NULL), SATSYNC_OK);
        (void)net->ops->send(net, &batch);
        sites_run(&sites, net_sim_now_ns(sites.world) + 1000000);
    }
    assert_true(sites_run_until(&sites, &sites.at[1].delivered, 1, MINUTE));
    struct endpoint_counters counters;
    endpoint_counters(sites.at[0].endpoint, &counters);
    assert_int_equal(counters.links, 1);
    assert_true(counters.strangers >= 100);
    assert_int_equal(sites.at[0].ups, 1);
    assert_nothing_wrong(&sites);
    net->ops->close(net);
    sites_close(&sites);
}

static void test_three_clients_are_served_at_once(void **state) {
    (void)state;
    struct sites sites;
    set_up(&sites, 4, lossy);
    for (size_t n = 1; n < 4; n++) {
        sites_send(&sites, n, sites_connect(&sites, n, 0, 0), n << 20);
    }
    assert_true(sites_run_until(&sites, &sites.at[0].received, 3, 5 * MINUTE));
    assert_int_equal(sites.at[0].ups, 3);
    assert_int_equal(sites.at[0].received_bytes, 6 << 20);
    assert_nothing_wrong(&sites);
    sites_close(&sites);
}

static void test_restarted_server_is_noticed_within_seconds_and_takes_a_new_link(void **state) {
    (void)state;
    struct sites sites;
    set_up(&sites, 2, quick);
    struct link *link = sites_connect(&sites, 1, 0, 0);
    assert_true(sites_run_until(&sites, &sites.at[1].ups, 1, MINUTE));
    sites_run(&sites, net_sim_now_ns(sites.world) + SECOND);
    /* A crash says no farewell. */
    net_sim_shut(sites.world, sites.links[1][0], net_sim_now_ns(sites.world) + SECOND / 2);
    sites_kill(&sites, 0);
    sites_run(&sites, net_sim_now_ns(sites.world) + SECOND);
    assert_int_equal(sites.at[1].downs, 0);
    sites_start(&sites, 0, &(struct endpoint_options){.accept = true});
    sites_send(&sites, 1, link, 100000);
    assert_true(sites_run_until(&sites, &sites.at[1].downs, 1, 5 * SECOND));
    assert_int_equal(sites.at[1].down_status, SATSYNC_NO_PATH);
    assert_int_equal(sites.at[1].slices_out, 0);
    sites_send(&sites, 1, sites_connect(&sites, 1, 0, 0), 100000);
    assert_true(sites_run_until(&sites, &sites.at[1].delivered, 1, MINUTE));
    sites_close(&sites);
}

static void test_either_side_can_close(void **state) {
    (void)state;
    for (size_t closer = 0; closer < 2; closer++) {
        struct sites sites;
        set_up(&sites, 2, quick);
        sites_connect(&sites, 1, 0, 0);
        assert_true(sites_run_until(&sites, &sites.at[1].ups, 1, MINUTE));
        sites_send(&sites, closer, sites.at[closer].link, 4 << 20);
        sites_run(&sites, net_sim_now_ns(sites.world) + SECOND / 10);
        struct link *link = sites.at[closer].link;
        link->ops->close(link, SATSYNC_OK);
        link->ops->close(link, SATSYNC_OK);
        assert_true(sites_run_until(&sites, &sites.at[!closer].downs, 1, 10 * SECOND));
        assert_int_equal(sites.at[closer].downs, 1);
        assert_int_equal(sites.at[closer].down_status, SATSYNC_OK);
        assert_int_equal(sites.at[!closer].down_status, SATSYNC_OK);
        assert_int_equal(sites.at[closer].slices_out, 0);
        sites_run(&sites, net_sim_now_ns(sites.world) + 3 * SECOND);
        for (size_t n = 0; n < 2; n++) {
            struct endpoint_counters counters;
            endpoint_counters(sites.at[n].endpoint, &counters);
            assert_int_equal(counters.links, 0);
        }
        sites_close(&sites);
    }
}

static void test_dead_peer_ends_the_link_after_the_keepalive(void **state) {
    (void)state;
    struct sites sites;
    sites_open(&sites, 2, quick, 1);
    sites_start(&sites, 0, &(struct endpoint_options){.accept = true, .keepalive_ns = MINUTE});
    sites_start(&sites, 1, &(struct endpoint_options){.keepalive_ns = MINUTE});
    sites_connect(&sites, 1, 0, 0);
    assert_true(sites_run_until(&sites, &sites.at[1].ups, 1, MINUTE));
    sites_run(&sites, net_sim_now_ns(sites.world) + 5 * MINUTE);
    assert_int_equal(sites.at[1].downs, 0);
    net_sim_shut(sites.world, sites.links[1][0], UINT64_MAX);
    assert_false(sites_run_until(&sites, &sites.at[1].downs, 1, MINUTE / 2));
    assert_true(sites_run_until(&sites, &sites.at[1].downs, 1, MINUTE));
    assert_true(sites_run_until(&sites, &sites.at[0].downs, 1, MINUTE));
    assert_int_equal(sites.at[1].down_status, SATSYNC_NO_PATH);
    assert_int_equal(sites.at[0].down_status, SATSYNC_NO_PATH);
    sites_close(&sites);
}

static void test_outage_shorter_than_the_keepalive_is_survived(void **state) {
    (void)state;
    struct sites sites;
    set_up(&sites, 2, quick);
    sites_send(&sites, 1, sites_connect(&sites, 1, 0, 0), 8 << 20);
    sites_run(&sites, net_sim_now_ns(sites.world) + SECOND / 4);
    net_sim_shut(sites.world, sites.links[1][0], net_sim_now_ns(sites.world) + 30 * SECOND);
    assert_true(sites_run_until(&sites, &sites.at[1].delivered, 1, 5 * MINUTE));
    assert_int_equal(sites.at[1].downs + sites.at[0].downs, 0);
    assert_nothing_wrong(&sites);
    sites_close(&sites);
}

static void test_recorded_hello_makes_a_link_that_is_dropped_unconfirmed(void **state) {
    (void)state;
    struct sites sites;
    uint8_t answer[1500];
    sites_open(&sites, 2, quick, 1);
    sites_start(&sites, 0, &(struct endpoint_options){.accept = true});
    struct handshake_site site;
    struct handshake handshake;
    const uint8_t seed[LINK_KEY_BYTES] = {2};
    handshake_site_of_seed(&site, seed);
    struct handshake_options options = {.site = &site, .session = 77};
    assert_int_equal(handshake_peer_of(&options.peer, sites.at[0].key, NULL), SATSYNC_OK);
    assert_int_equal(handshake_begin(&handshake, &options, NULL), SATSYNC_OK);
    size_t bytes = knock(&sites, handshake.hello, sizeof handshake.hello, answer, sizeof answer);
    assert_true(bytes > 0 && bytes <= sizeof handshake.hello);
    assert_int_equal(answer[0], DATAGRAM_WELCOME);
    struct endpoint_counters counters;
    endpoint_counters(sites.at[0].endpoint, &counters);
    assert_int_equal(counters.half_open, 1);
    assert_true(sites_run_until(&sites, &sites.at[0].downs, 1, 12 * SECOND));
    sites_run(&sites, net_sim_now_ns(sites.world) + 5 * SECOND);
    endpoint_counters(sites.at[0].endpoint, &counters);
    assert_int_equal(counters.links, 0);
    assert_int_equal(counters.half_open, 0);
    sites_close(&sites);
}

static void test_links_beyond_the_limit_are_refused(void **state) {
    (void)state;
    struct sites sites;
    sites_open(&sites, 3, quick, 1);
    sites_start(&sites, 0, &(struct endpoint_options){.accept = true, .max_links = 1});
    sites_start(&sites, 1, &(struct endpoint_options){.max_links = 1});
    sites_start(&sites, 2, &(struct endpoint_options){0});
    sites_connect(&sites, 1, 0, 0);
    assert_true(sites_run_until(&sites, &sites.at[1].ups, 1, MINUTE));
    sites_connect(&sites, 2, 0, 0);
    assert_true(sites_run_until(&sites, &sites.at[2].downs, 1, MINUTE));
    assert_int_equal(sites.at[2].down_status, SATSYNC_LIMIT);
    struct link *link;
    const struct link_target target = {.address = "sim:0", .peer_key = sites.at[0].key};
    assert_int_equal(sites.at[1].endpoint->ops->connect(sites.at[1].endpoint, &target, &link, NULL),
                     SATSYNC_LIMIT);
    sites_close(&sites);
}

static void test_under_load_a_cookie_comes_first_and_all_get_in(void **state) {
    (void)state;
    struct sites sites;
    sites_open(&sites, 4, quick, 1);
    sites_start(
        &sites, 0,
        &(struct endpoint_options){.accept = true, .max_half_open = 3, .handshakes_per_s = 4});
    for (size_t n = 1; n < 4; n++) {
        sites_start(&sites, n, &(struct endpoint_options){0});
        sites_send(&sites, n, sites_connect(&sites, n, 0, 0), 100000);
    }
    for (size_t n = 1; n < 4; n++) {
        assert_true(sites_run_until(&sites, &sites.at[n].delivered, 1, MINUTE));
    }
    struct endpoint_counters counters;
    endpoint_counters(sites.at[0].endpoint, &counters);
    assert_true(counters.answered > 0);
    assert_nothing_wrong(&sites);
    sites_close(&sites);
}

static void test_chacha_is_agreed_on_when_one_end_has_no_aes(void **state) {
    (void)state;
    for (int without = 0; without < 2; without++) {
        struct sites sites;
        sites_open(&sites, 2, quick, 1);
        sites_start(&sites, 0,
                    &(struct endpoint_options){.accept = true, .without_aes = without == 0});
        sites_start(&sites, 1, &(struct endpoint_options){.without_aes = without == 1});
        sites_send(&sites, 1, sites_connect(&sites, 1, 0, 0), 1 << 20);
        assert_true(sites_run_until(&sites, &sites.at[1].delivered, 1, MINUTE));
        assert_nothing_wrong(&sites);
        sites_close(&sites);
    }
}

static void test_same_seed_gives_the_same_datagrams(void **state) {
    (void)state;
    uint64_t ends_ns[2];
    uint64_t wire[2];
    for (int i = 0; i < 2; i++) {
        struct sites sites;
        struct lane_counts counts;
        set_up(&sites, 2, lossy);
        sites_send(&sites, 1, sites_connect(&sites, 1, 0, 0), 1 << 20);
        assert_true(sites_run_until(&sites, &sites.at[1].delivered, 1, MINUTE));
        ends_ns[i] = net_sim_now_ns(sites.world);
        net_sim_counts(sites.world, 0, 0, &counts);
        struct link_stats stats;
        sites.at[1].link->ops->stats(sites.at[1].link, &stats);
        wire[i] = stats.wire_bytes;
        sites_close(&sites);
    }
    assert_int_equal(ends_ns[0], ends_ns[1]);
    assert_int_equal(wire[0], wire[1]);
}

static void test_every_failed_allocation_is_told_and_leaves_nothing(void **state) {
    (void)state;
    const uint8_t seed[LINK_KEY_BYTES] = {2};
    bool opened = false;
    for (size_t n = 1; !opened && n < 500; n++) {
        struct sites sites;
        struct counting_allocator counting;
        struct satsync_error error = {0};
        struct endpoint *endpoint;
        struct link *link;
        sites_open(&sites, 2, quick, 1);
        counting_allocator_init(&counting, n);
        const struct endpoint_options options = {.net = net_sim_take(sites.world, 1),
                                                 .seed = seed,
                                                 .allocator = &counting.allocator,
                                                 .random_seed = 1};
        const struct link_target target = {.address = "sim:0", .peer_key = sites.at[0].key};
        enum satsync_status status = endpoint_open(&options, &endpoint, &error);
        if (status == SATSYNC_OK) {
            status = endpoint->ops->connect(endpoint, &target, &link, &error);
            assert_int_equal(link != NULL, status == SATSYNC_OK);
            endpoint->ops->close(endpoint);
        } else {
            options.net->ops->close(options.net);
        }
        opened = status == SATSYNC_OK;
        assert_true(opened || status == SATSYNC_NO_MEMORY);
        assert_true(opened || strlen(error.message) > 0);
        assert_int_equal(counting.live, 0);
        sites_close(&sites);
    }
    assert_true(opened);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_sites_shake_hands_and_know_each_other),
        cmocka_unit_test(test_letter_is_acknowledged_before_it_is_handed_over),
        cmocka_unit_test(test_messages_of_every_size_arrive_whole_both_ways),
        cmocka_unit_test(test_first_flight_carries_data),
        cmocka_unit_test(test_ten_mebibytes_survive_loss),
        cmocka_unit_test(test_unknown_key_is_refused_within_a_round_trip),
        cmocka_unit_test(test_another_site_at_the_address_is_refused),
        cmocka_unit_test(test_endpoint_that_lets_in_must_name_its_peers),
        cmocka_unit_test(test_newer_version_gets_ours_back),
        cmocka_unit_test(test_flood_of_garbage_makes_no_link_and_disturbs_none),
        cmocka_unit_test(test_three_clients_are_served_at_once),
        cmocka_unit_test(test_restarted_server_is_noticed_within_seconds_and_takes_a_new_link),
        cmocka_unit_test(test_either_side_can_close),
        cmocka_unit_test(test_dead_peer_ends_the_link_after_the_keepalive),
        cmocka_unit_test(test_outage_shorter_than_the_keepalive_is_survived),
        cmocka_unit_test(test_recorded_hello_makes_a_link_that_is_dropped_unconfirmed),
        cmocka_unit_test(test_links_beyond_the_limit_are_refused),
        cmocka_unit_test(test_under_load_a_cookie_comes_first_and_all_get_in),
        cmocka_unit_test(test_chacha_is_agreed_on_when_one_end_has_no_aes),
        cmocka_unit_test(test_every_failed_allocation_is_told_and_leaves_nothing),
        cmocka_unit_test(test_same_seed_gives_the_same_datagrams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
