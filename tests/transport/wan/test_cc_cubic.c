#include "support/cmocka.h"
#include "transport/wan/cc.h"

#include <stdio.h>

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
    cc_cubic_init(&world->cc);
    rtt_init(&world->rtt, 100 * MS);
}

static uint64_t window(const struct world *world) {
    return world->cc.ops->window_bytes(&world->cc, &world->rtt);
}

/* A window's worth in ten acknowledgements. */
static void round_of(struct world *world, uint64_t rtt_ns, bool app_limited) {
    uint64_t prior = world->delivered;
    uint64_t bytes = window(world);
    for (int i = 0; i < 10; i++) {
        rtt_sample(&world->rtt, rtt_ns, 0);
        world->now_ns += rtt_ns / 10;
        world->delivered += bytes / 10;
        const struct cc_ack ack = {.now_ns = world->now_ns,
                                   .delivered = world->delivered,
                                   .prior_delivered = prior,
                                   .in_flight = bytes,
                                   .lost = world->lost,
                                   .app_limited = app_limited};
        world->cc.ops->acked(&world->cc, &ack, &world->rtt);
    }
}

static void lose(struct world *world) {
    world->lost += PACKET;
    const struct cc_ack ack = {.now_ns = world->now_ns,
                               .delivered = world->delivered,
                               .in_flight = 0,
                               .lost = world->lost};
    world->cc.ops->acked(&world->cc, &ack, &world->rtt);
}

static void grow_to(struct world *world, uint64_t packets) {
    while (window(world) < packets * PACKET) {
        round_of(world, 100 * MS, false);
    }
}

static void test_it_begins_with_ten_packets_and_doubles(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    assert_int_equal(window(&world), 10 * PACKET);
    round_of(&world, 100 * MS, false);
    assert_int_equal(window(&world), 20 * PACKET);
    round_of(&world, 100 * MS, false);
    assert_int_equal(window(&world), 40 * PACKET);
    /* Paced at twice the window a round trip, so that it can. */
    assert_in_range(world.cc.ops->rate_bps(&world.cc), 2 * 40 * PACKET * 75, 2 * 40 * PACKET * 85);
}

static void test_a_queue_ends_slow_start_without_a_loss(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    round_of(&world, 100 * MS, false);
    round_of(&world, 100 * MS, false);
    round_of(&world, 120 * MS, false);
    round_of(&world, 120 * MS, false);
    uint64_t left = window(&world);
    round_of(&world, 120 * MS, false);
    assert_in_range(window(&world), left, left + left / 2);
}

static void test_a_loss_takes_three_tenths(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    grow_to(&world, 160);
    uint64_t before = window(&world);
    lose(&world);
    assert_in_range(window(&world), before / 10 * 7 - PACKET, before / 10 * 7);
    assert_int_equal(world.cc.ops->found_bps(&world.cc), 0);
}

/* RFC 9438 section 4.2: back at the former window after K = cbrt(W 0.3 / 0.4) seconds; flat around
 * it, steep before and after. */
static void test_it_is_back_at_its_window_after_k_seconds(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    grow_to(&world, 640);
    uint64_t most = window(&world);
    uint64_t by_second[20];
    lose(&world);
    for (int second = 0; second < 20; second++) {
        for (int i = 0; i < 10; i++) {
            round_of(&world, 100 * MS, false);
        }
        by_second[second] = window(&world);
        printf("%2d s: %3d packets\n", second + 1, (int)(by_second[second] / PACKET));
    }
    /* 640 packets: 7.8 s. */
    assert_in_range(by_second[7], most / 100 * 98, most / 100 * 101);
    assert_true(by_second[0] - most / 10 * 7 > 3 * (by_second[7] - by_second[6]));
    assert_true(by_second[14] - by_second[13] > 3 * (by_second[8] - by_second[7]));
}

static void test_a_small_window_grows_as_reno_does(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    grow_to(&world, 20);
    lose(&world);
    uint64_t before = window(&world);
    for (int i = 0; i < 17; i++) {
        round_of(&world, 10 * MS, false);
    }
    /* 9/17 of a packet a round trip, until it is where it was, then one; cubic alone would not have
     * moved in 0.17 s. */
    assert_in_range(window(&world) - before, 8 * PACKET, 13 * PACKET);
}

static void test_less_to_send_is_no_reason_to_grow(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    round_of(&world, 100 * MS, true);
    assert_int_equal(window(&world), 10 * PACKET);
    grow_to(&world, 100);
    lose(&world);
    round_of(&world, 100 * MS, false);
    uint64_t before = window(&world);
    for (int i = 0; i < 600; i++) {
        round_of(&world, 100 * MS, true);
    }
    assert_int_equal(window(&world), before);
    round_of(&world, 100 * MS, false);
    assert_in_range(window(&world), before, before + before / 10);
}

static void test_losses_never_take_the_last_two_packets(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    for (int i = 0; i < 100; i++) {
        lose(&world);
    }
    assert_int_equal(window(&world), 2 * PACKET);
    round_of(&world, 100 * MS, false);
    assert_true(window(&world) >= 2 * PACKET);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_begins_with_ten_packets_and_doubles),
        cmocka_unit_test(test_a_queue_ends_slow_start_without_a_loss),
        cmocka_unit_test(test_a_loss_takes_three_tenths),
        cmocka_unit_test(test_it_is_back_at_its_window_after_k_seconds),
        cmocka_unit_test(test_a_small_window_grows_as_reno_does),
        cmocka_unit_test(test_less_to_send_is_no_reason_to_grow),
        cmocka_unit_test(test_losses_never_take_the_last_two_packets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
