#include "support/cmocka.h"
#include "transport/wan/cc.h"

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
    cc_model_init(&world->cc);
    rtt_init(&world->rtt, 600 * MS);
}

/* A round trip in which `rate_bps` was seen, with the given round trip and bytes in flight. */
static void round_of(struct world *world, uint64_t rate_bps, uint64_t rtt_ns, uint64_t in_flight,
                     bool app_limited) {
    rtt_sample(&world->rtt, rtt_ns, 0);
    uint64_t prior = world->delivered;
    world->now_ns += rtt_ns;
    world->delivered += rate_bps / 8 * (rtt_ns / MS) / 1000;
    struct cc_ack ack = {.now_ns = world->now_ns,
                         .delivered = world->delivered,
                         .prior_delivered = prior,
                         .in_flight = in_flight,
                         .lost = world->lost,
                         .rate_bps = rate_bps,
                         .app_limited = app_limited};
    world->cc.ops->acked(&world->cc, &ack, &world->rtt);
}

static uint64_t rate(const struct world *world) {
    return world->cc.ops->rate_bps(&world->cc);
}

static void test_startup_doubles_until_the_rate_stays_flat(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    for (uint64_t seen = 10000000; seen <= 80000000; seen *= 2) {
        round_of(&world, seen, 100 * MS, 100000, false);
        assert_true(rate(&world) > 2 * seen);
    }
    for (int i = 0; i < 4; i++) {
        round_of(&world, 80000000, 100 * MS, 5000000, false);
    }
    assert_true(rate(&world) < 80000000); /* draining */
    round_of(&world, 80000000, 100 * MS, 100000, false);
    assert_int_equal(rate(&world), 80000000);
}

static void test_a_queue_that_stands_ends_startup(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    round_of(&world, 10000000, 100 * MS, 100000, false);
    round_of(&world, 20000000, 140 * MS, 5000000, false);
    assert_true(rate(&world) > 40000000); /* one late packet is jitter */
    round_of(&world, 30000000, 140 * MS, 5000000, false);
    assert_true(rate(&world) < 20000000);
}

static void test_overflow_of_a_short_queue_ends_startup(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    round_of(&world, 10000000, 100 * MS, 100000, false);
    world.lost += 20000; /* one sixth of the round: bad luck */
    round_of(&world, 20000000, 100 * MS, 100000, false);
    assert_true(rate(&world) > 40000000);
    world.lost += 400000;
    round_of(&world, 21000000, 100 * MS, 5000000, false);
    assert_true(rate(&world) < 20000000);
}

static void test_little_to_send_at_first_does_not_pin_the_rate(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    uint64_t before = rate(&world);
    uint64_t window = world.cc.ops->window_bytes(&world.cc, &world.rtt);
    round_of(&world, 7000, 600 * MS, 0, true);
    assert_true(rate(&world) >= before);
    assert_true(world.cc.ops->window_bytes(&world.cc, &world.rtt) >= window);
}

static void test_little_to_send_never_lowers_the_rate(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    round_of(&world, 50000000, 100 * MS, 100000, false);
    uint64_t before = rate(&world);
    for (int i = 0; i < 100; i++) {
        round_of(&world, 1000, 100 * MS, 1000, true);
    }
    assert_int_equal(rate(&world), before);
}

static void test_a_slower_path_is_believed_after_ten_rounds(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    for (int i = 0; i < 10; i++) {
        round_of(&world, 80000000, 100 * MS, 100000, false);
    }
    for (int i = 0; i < 12; i++) {
        round_of(&world, 8000000, 100 * MS, 100000, false);
    }
    assert_in_range(rate(&world), 6000000, 10000000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_startup_doubles_until_the_rate_stays_flat),
        cmocka_unit_test(test_a_queue_that_stands_ends_startup),
        cmocka_unit_test(test_overflow_of_a_short_queue_ends_startup),
        cmocka_unit_test(test_little_to_send_at_first_does_not_pin_the_rate),
        cmocka_unit_test(test_little_to_send_never_lowers_the_rate),
        cmocka_unit_test(test_a_slower_path_is_believed_after_ten_rounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
