#include "sim-link/net_sim.h"

#include "support/cmocka.h"

#include <string.h>

enum { MS = 1000000 };

struct world {
    struct net_sim *net_sim;
    struct net *a;
    struct net *b;
};

static struct world open_world(uint64_t seed, const struct lane_plan *there,
                               const struct lane_plan *back) {
    struct world world;
    struct net_sim_options options = {.seed = seed};
    assert_int_equal(net_sim_open(&options, &world.net_sim, NULL), SATSYNC_OK);
    assert_int_equal(net_sim_add(world.net_sim, &world.a, NULL), SATSYNC_OK);
    assert_int_equal(net_sim_add(world.net_sim, &world.b, NULL), SATSYNC_OK);
    struct net_sim_join join = {0, 1, there, back};
    assert_int_equal(net_sim_join(world.net_sim, &join, NULL, NULL), SATSYNC_OK);
    return world;
}

static enum satsync_status send_to(struct net *net, const char *peer, size_t bytes) {
    static uint8_t data[20000];
    for (size_t i = 0; i < bytes; i++) {
        data[i] = (uint8_t)i;
    }
    struct net_batch batch = {.data = data, .bytes = bytes, .segment_bytes = 1000, .ecn = 1};
    assert_int_equal(net->ops->resolve(net, peer, &batch.peer, NULL), SATSYNC_OK);
    return net->ops->send(net, &batch);
}

static void test_segments_arrive_one_by_one_after_the_delay(void **state) {
    (void)state;
    struct lane_plan plan = {.delay_ns = 5 * MS};
    struct world world = open_world(1, &plan, &plan);
    assert_int_equal(send_to(world.a, "sim:1", 2500), SATSYNC_OK);
    assert_true(net_sim_advance(world.net_sim));
    struct net_batch batch;
    size_t got = 0;
    char text[16];
    while (world.b->ops->receive(world.b, &batch)) {
        assert_int_equal(batch.time_ns, 5 * MS);
        assert_int_equal(batch.ecn, 1);
        assert_int_equal(batch.data[0], (uint8_t)got);
        world.b->ops->format(world.b, &batch.peer, text, sizeof text);
        assert_string_equal(text, "sim:0");
        got += batch.bytes;
    }
    assert_int_equal(got, 2500);
    assert_false(net_sim_advance(world.net_sim));
    net_sim_close(world.net_sim);
}

static void test_a_wait_moves_time_to_its_deadline_only(void **state) {
    (void)state;
    struct lane_plan plan = {.delay_ns = 5 * MS};
    struct world world = open_world(1, &plan, &plan);
    assert_int_equal(send_to(world.a, "sim:1", 100), SATSYNC_OK);
    world.a->ops->wait(world.a, 2 * MS);
    world.b->ops->wait(world.b, 9 * MS);
    assert_int_equal(world.a->ops->now_ns(world.a), 0);
    assert_true(net_sim_advance(world.net_sim));
    assert_int_equal(world.a->ops->now_ns(world.a), 2 * MS);
    world.a->ops->wait(world.a, TIME_NEVER);
    world.b->ops->wait(world.b, 9 * MS);
    assert_true(net_sim_advance(world.net_sim));
    assert_int_equal(net_sim_now_ns(world.net_sim), 5 * MS);
    net_sim_close(world.net_sim);
}

static void test_wake_and_waiting_packets_stop_time(void **state) {
    (void)state;
    struct lane_plan plan = {.delay_ns = 5 * MS};
    struct world world = open_world(1, &plan, &plan);
    assert_int_equal(send_to(world.a, "sim:1", 2000), SATSYNC_OK);
    assert_true(net_sim_advance(world.net_sim));
    world.a->ops->wait(world.a, 90 * MS);
    world.b->ops->wait(world.b, 90 * MS);
    assert_true(net_sim_advance(world.net_sim));
    assert_int_equal(net_sim_now_ns(world.net_sim), 5 * MS);
    world.a->ops->wait(world.a, 90 * MS);
    world.a->ops->wake(world.a);
    assert_true(net_sim_advance(world.net_sim));
    assert_int_equal(net_sim_now_ns(world.net_sim), 5 * MS);
    net_sim_close(world.net_sim);
}

static void test_a_shut_link_drops_until_its_time(void **state) {
    (void)state;
    struct lane_plan plan = {.delay_ns = 5 * MS};
    struct world world = open_world(1, &plan, &plan);
    net_sim_shut(world.net_sim, 0, 7 * MS);
    assert_int_equal(send_to(world.a, "sim:1", 100), SATSYNC_OK);
    net_sim_run_until(world.net_sim, 7 * MS);
    assert_int_equal(send_to(world.a, "sim:1", 100), SATSYNC_OK);
    assert_true(net_sim_advance(world.net_sim));
    struct lane_counts counts;
    net_sim_counts(world.net_sim, 0, 0, &counts);
    assert_int_equal(counts.dropped_packets[DROP_GATE], 1);
    assert_int_equal(counts.delivered_packets, 1);
    net_sim_close(world.net_sim);
}

static void test_a_closed_net_loses_what_comes_and_can_be_taken_again(void **state) {
    (void)state;
    struct lane_plan plan = {.delay_ns = 5 * MS};
    struct world world = open_world(1, &plan, &plan);
    assert_int_equal(send_to(world.a, "sim:1", 3000), SATSYNC_OK);
    assert_true(net_sim_advance(world.net_sim));
    world.b->ops->close(world.b);
    assert_int_equal(send_to(world.a, "sim:1", 100), SATSYNC_OK);
    net_sim_run_until(world.net_sim, 20 * MS);
    struct net *again = net_sim_take(world.net_sim, 1);
    struct net_batch batch;
    assert_false(again->ops->receive(again, &batch));
    assert_int_equal(send_to(world.a, "sim:1", 100), SATSYNC_OK);
    assert_true(net_sim_advance(world.net_sim));
    assert_true(again->ops->receive(again, &batch));
    net_sim_close(world.net_sim);
}

static void test_what_is_not_there_is_refused(void **state) {
    (void)state;
    struct lane_plan plan = {.delay_ns = 1};
    struct world world = open_world(1, &plan, &plan);
    struct net_address address;
    const char *texts[] = {"sim:2", "sim:", "", "sim:01", "127.0.0.1:5"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_int_equal(world.a->ops->resolve(world.a, texts[i], &address, NULL), SATSYNC_ADDRESS);
    }
    assert_int_equal(send_to(world.a, "sim:0", 5), SATSYNC_NO_PATH);
    struct net_sim_join join = {1, 0, &plan, &plan};
    assert_int_equal(net_sim_join(world.net_sim, &join, NULL, NULL), SATSYNC_CONFLICT);
    net_sim_close(world.net_sim);
}

static void test_a_datagram_above_the_mtu_is_dropped_by_size(void **state) {
    (void)state;
    struct lane_plan plan = {.mtu_bytes = 1000};
    struct world world = open_world(1, &plan, &plan);
    assert_int_equal(send_to(world.a, "sim:1", 1000), SATSYNC_OK);
    struct lane_counts counts;
    net_sim_counts(world.net_sim, 0, 0, &counts);
    assert_int_equal(counts.dropped_packets[DROP_SIZE], 1);
    net_sim_close(world.net_sim);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_segments_arrive_one_by_one_after_the_delay),
        cmocka_unit_test(test_a_wait_moves_time_to_its_deadline_only),
        cmocka_unit_test(test_wake_and_waiting_packets_stop_time),
        cmocka_unit_test(test_a_shut_link_drops_until_its_time),
        cmocka_unit_test(test_a_closed_net_loses_what_comes_and_can_be_taken_again),
        cmocka_unit_test(test_what_is_not_there_is_refused),
        cmocka_unit_test(test_a_datagram_above_the_mtu_is_dropped_by_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
