#include "sim-link/relay_out.h"

#include "sim-link/net_sim.h"
#include "support/cmocka.h"

#include <stdlib.h>

struct world {
    struct net_sim *net_sim;
    struct net *a;
    struct net *b;
    struct net_address to;
    struct relay_out *out;
    struct packet *packet;
};

static struct world open_world(void) {
    static const struct lane_plan plan;
    struct world world;
    struct net_sim_options options = {.seed = 1};
    struct net_sim_join join = {0, 1, &plan, &plan};
    assert_int_equal(net_sim_open(&options, &world.net_sim, NULL), SATSYNC_OK);
    assert_int_equal(net_sim_add(world.net_sim, &world.a, NULL), SATSYNC_OK);
    assert_int_equal(net_sim_add(world.net_sim, &world.b, NULL), SATSYNC_OK);
    assert_int_equal(net_sim_join(world.net_sim, &join, NULL, NULL), SATSYNC_OK);
    world.b->ops->local(world.b, &world.to);
    world.out = calloc(1, sizeof *world.out);
    world.packet = calloc(1, sizeof *world.packet + 1472);
    return world;
}

static void close_world(struct world *world) {
    free(world->out);
    free(world->packet);
    net_sim_close(world->net_sim);
}

static void add(struct world *world, uint32_t bytes) {
    struct relay_out_to to = {world->a, &world->to};
    world->packet->bytes = bytes;
    relay_out_add(world->out, &to, world->packet, 0);
}

static uint64_t sent(struct world *world) {
    struct lane_counts counts;
    net_sim_counts(world->net_sim, 0, 0, &counts);
    return counts.entered_packets;
}

static void test_equal_packets_leave_together_and_a_shorter_one_ends_them(void **state) {
    (void)state;
    struct world world = open_world();
    add(&world, 100);
    add(&world, 100);
    add(&world, 40);
    assert_int_equal(sent(&world), 0);
    add(&world, 40);
    assert_int_equal(sent(&world), 3);
    relay_out_flush(world.out);
    assert_int_equal(sent(&world), 4);
    relay_out_flush(world.out);
    assert_int_equal(sent(&world), 4);
    assert_int_equal(world.out->late.count, 4);
    close_world(&world);
}

static void test_a_longer_packet_and_a_full_batch_begin_another(void **state) {
    (void)state;
    struct world world = open_world();
    add(&world, 40);
    add(&world, 41);
    assert_int_equal(sent(&world), 1);
    for (int i = 0; i < RELAY_OUT_SEGMENTS; i++) {
        add(&world, 41);
    }
    assert_int_equal(sent(&world), 1 + RELAY_OUT_SEGMENTS);
    close_world(&world);
}

static void test_what_cannot_be_sent_is_counted(void **state) {
    (void)state;
    struct world world = open_world();
    world.to.bytes[0] = 9;
    add(&world, 40);
    relay_out_flush(world.out);
    assert_int_equal(world.out->unsent_packets, 1);
    close_world(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_packets_leave_together_and_a_shorter_one_ends_them),
        cmocka_unit_test(test_a_longer_packet_and_a_full_batch_begin_another),
        cmocka_unit_test(test_what_cannot_be_sent_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
