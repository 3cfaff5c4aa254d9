#include "support/cmocka.h"
#include "transport/wan/cc.h"

enum { PACKET = CC_PACKET_BYTES };

static const uint64_t MS = 1000000;

struct world {
    struct cc cc;
    struct rtt rtt;
    uint64_t now_ns;
    uint64_t delivered;
    uint64_t lost;
};

static void set_up(struct world *world) {
    *world = (struct world){.now_ns = 1000 * MS};
    cc_scavenger_init(&world->cc);
    rtt_init(&world->rtt, 100 * MS);
}

static uint64_t window(const struct world *world) {
    return world->cc.ops->window_bytes(&world->cc, &world->rtt);
}

static void round_of(struct world *world, uint64_t rtt_ns) {
    uint64_t bytes = window(world);
    for (int i = 0; i < 10; i++) {
        rtt_sample(&world->rtt, rtt_ns, 0);
        world->now_ns += rtt_ns / 10;
        world->delivered += bytes / 10;
        const struct cc_ack ack = {.now_ns = world->now_ns,
                                   .delivered = world->delivered,
                                   .in_flight = bytes,
                                   .lost = world->lost};
        world->cc.ops->acked(&world->cc, &ack, &world->rtt);
    }
}

static void lose(struct world *world) {
    world->lost += PACKET;
    const struct cc_ack ack = {
        .now_ns = world->now_ns, .delivered = world->delivered, .lost = world->lost};
    world->cc.ops->acked(&world->cc, &ack, &world->rtt);
}

static void rounds_of(struct world *world, int count, uint64_t rtt_ns) {
    for (int i = 0; i < count; i++) {
        round_of(world, rtt_ns);
    }
}

/* Slow start ends by a queue of 50 ms; then the first slowdown passes. */
static void settle(struct world *world) {
    rounds_of(world, 12, 100 * MS);
    round_of(world, 150 * MS);
    rounds_of(world, 40, 100 * MS);
}

static void test_it_begins_small_and_ends_slow_start_below_its_target(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    assert_int_equal(window(&world), 2 * PACKET);
    rounds_of(&world, 10, 100 * MS);
    uint64_t grown = window(&world);
    assert_true(grown > 40 * PACKET);
    round_of(&world, 150 * MS);
    uint64_t left = window(&world);
    round_of(&world, 150 * MS);
    assert_in_range(window(&world), left, left + 2 * PACKET);
}

static void test_a_queue_beyond_its_target_makes_it_yield(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    settle(&world);
    uint64_t before = window(&world);
    rounds_of(&world, 8, 200 * MS);
    assert_true(window(&world) < before / 8);
    rounds_of(&world, 60, 200 * MS);
    assert_in_range(window(&world), 2 * PACKET, 4 * PACKET);
}

static void test_it_comes_back_when_the_queue_is_gone(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    settle(&world);
    rounds_of(&world, 20, 200 * MS);
    uint64_t small = window(&world);
    rounds_of(&world, 200, 105 * MS);
    assert_true(window(&world) > small + 30 * PACKET);
}

static void test_a_loss_takes_half_and_shows_how_long_the_queue_is(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    settle(&world);
    rounds_of(&world, 2, 130 * MS);
    uint64_t before = window(&world);
    lose(&world);
    assert_in_range(window(&world), before / 2 - PACKET, before / 2 + 1);
    /* It overflows at 30 ms: more than half of that is others'. */
    before = window(&world);
    rounds_of(&world, 10, 128 * MS);
    assert_true(window(&world) < before / 2);
}

static void test_now_and_then_it_lets_the_path_drain(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    settle(&world);
    int drained = 0;
    int rounds = 0;
    for (; rounds < 400; rounds++) {
        round_of(&world, 110 * MS);
        drained += window(&world) == 2 * PACKET;
    }
    /* Two round trips each, in a tenth of the time at most. */
    assert_in_range(drained, 4, rounds / 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_begins_small_and_ends_slow_start_below_its_target),
        cmocka_unit_test(test_a_queue_beyond_its_target_makes_it_yield),
        cmocka_unit_test(test_it_comes_back_when_the_queue_is_gone),
        cmocka_unit_test(test_a_loss_takes_half_and_shows_how_long_the_queue_is),
        cmocka_unit_test(test_now_and_then_it_lets_the_path_drain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
