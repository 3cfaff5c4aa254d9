#include "support/cmocka.h"
#include "transport/wan/cc.h"

static const uint64_t MS = 1000000;
static const uint64_t M = 1000000;

struct world {
    struct cc cc;
    struct rtt rtt;
    uint64_t now_ns;
    uint64_t delivered;
    uint64_t lost;
    uint64_t train_bps; /* what each ack's train says; 0: none */
    unsigned loss_percent;
    bool app_limited;
};

static void set_up(struct world *world) {
    *world = (struct world){.now_ns = 1000 * MS};
    cc_model_init(&world->cc, &(struct link_path){0});
    rtt_init(&world->rtt, 600 * MS);
}

/* A round trip in ten acknowledgements, in which `rate_bps` was delivered. */
static void round_of(struct world *world, uint64_t rate_bps, uint64_t rtt_ns) {
    uint64_t prior = world->delivered;
    uint64_t bytes = rate_bps / 8 * (rtt_ns / MS) / 1000;
    for (int i = 0; i < 10; i++) {
        rtt_sample(&world->rtt, rtt_ns, 0);
        world->now_ns += rtt_ns / 10;
        world->delivered += bytes / 10;
        world->lost += bytes / 10 * world->loss_percent / (100 - world->loss_percent);
        struct cc_ack ack = {.now_ns = world->now_ns,
                             .delivered = world->delivered,
                             .prior_delivered = i == 0 ? prior : 0,
                             .lost = world->lost,
                             .app_limited = world->app_limited};
        ack.arrival = (struct arrival_rates){.train_bps = world->train_bps,
                                             .rate_bps = i % 4 == 3 ? rate_bps : 0,
                                             .since_ns = world->now_ns - rtt_ns - rtt_ns / 10,
                                             .app_limited = world->app_limited};
        world->cc.ops->acked(&world->cc, &ack, &world->rtt);
    }
}

static void rounds_of(struct world *world, int count, uint64_t rate_bps, uint64_t rtt_ns) {
    for (int i = 0; i < count; i++) {
        round_of(world, rate_bps, rtt_ns);
    }
}

static uint64_t rate(const struct world *world) {
    return world->cc.ops->rate_bps(&world->cc);
}

static uint64_t window(const struct world *world) {
    return world->cc.ops->window_bytes(&world->cc, &world->rtt);
}

static void test_trains_give_the_rate_in_the_first_round(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    assert_int_equal(rate(&world), 10 * M);
    world.train_bps = 1000 * M;
    round_of(&world, 10 * M, 100 * MS);
    assert_in_range(rate(&world), 930 * M, 940 * M);
    /* What comes of it is measured, and kept. */
    rounds_of(&world, 3, 900 * M, 100 * MS);
    assert_in_range(rate(&world), 900 * M, 1000 * M);
}

static void test_remembered_path_is_where_it_begins(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    assert_int_equal(world.cc.ops->found_bps(&world.cc), 0);
    cc_model_init(&world.cc, &(struct link_path){160 * M, 100 * MS});
    assert_int_equal(rate(&world), 150 * M);
    assert_true(window(&world) > 150 * M / 80);
    assert_int_equal(world.cc.ops->found_bps(&world.cc), 0); /* not found, only told */
    rounds_of(&world, 3, 150 * M, 100 * MS);
    assert_in_range(rate(&world), 145 * M, 160 * M);
    assert_in_range(world.cc.ops->found_bps(&world.cc), 145 * M, 155 * M);
}

static void test_remembered_path_that_became_slower_is_given_up_in_a_round(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    cc_model_init(&world.cc, &(struct link_path){160 * M, 100 * MS});
    world.train_bps = 40 * M;
    round_of(&world, 40 * M, 100 * MS);
    assert_in_range(rate(&world), 37 * M, 42 * M);
}

static void test_without_trains_startup_doubles_until_the_rate_stays_flat(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    for (uint64_t seen = 10 * M; seen <= 80 * M; seen *= 2) {
        round_of(&world, seen, 100 * MS);
        assert_int_equal(rate(&world), 2 * seen);
    }
    rounds_of(&world, 4, 80 * M, 100 * MS);
    assert_in_range(rate(&world), 75 * M, 90 * M);
}

static void test_a_queue_that_stands_ends_startup_and_is_drained(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    round_of(&world, 10 * M, 100 * MS);
    round_of(&world, 20 * M, 100 * MS);
    round_of(&world, 30 * M, 140 * MS);
    assert_in_range(rate(&world), 24 * M, 28 * M); /* in two rounds, jitter left out */
    round_of(&world, 30 * M, 100 * MS);
    assert_in_range(rate(&world), 30 * M, 34 * M);
}

static void test_overflow_of_a_short_queue_ends_startup(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    round_of(&world, 10 * M, 100 * MS);
    world.loss_percent = 15; /* bad luck */
    round_of(&world, 20 * M, 100 * MS);
    assert_in_range(rate(&world), 40 * M, 48 * M);
    world.loss_percent = 40;
    rounds_of(&world, 2, 21 * M, 100 * MS);
    assert_in_range(rate(&world), 20 * M, 28 * M);
}

static void test_loss_at_any_load_slows_nothing(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    world.loss_percent = 5;
    world.train_bps = 95 * M; /* of 100, one packet in twenty being lost behind the hop */
    rounds_of(&world, 30, 95 * M, 600 * MS);
    assert_in_range(rate(&world), 99 * M, 102 * M);
}

static void test_a_short_spell_of_loss_is_not_made_up_for(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    world.train_bps = 100 * M;
    rounds_of(&world, 5, 100 * M, 100 * MS);
    world.loss_percent = 10; /* as when a queue overflows */
    rounds_of(&world, 5, 100 * M, 100 * MS);
    assert_in_range(rate(&world), 98 * M, 101 * M);
}

static void test_little_to_send_at_first_does_not_pin_the_rate(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    uint64_t before = rate(&world);
    uint64_t open = window(&world);
    world.app_limited = true;
    round_of(&world, 7000, 600 * MS);
    assert_true(rate(&world) >= before);
    assert_true(window(&world) >= open);
}

static void test_little_to_send_never_lowers_the_rate(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    rounds_of(&world, 3, 50 * M, 100 * MS);
    uint64_t before = rate(&world);
    world.app_limited = true;
    rounds_of(&world, 100, 1000, 100 * MS);
    assert_int_equal(rate(&world), before);
}

static void test_a_faster_path_is_jumped_to(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    world.train_bps = 20 * M;
    rounds_of(&world, 12, 20 * M, 100 * MS);
    world.train_bps = 100 * M;
    round_of(&world, 20 * M, 100 * MS);
    assert_in_range(rate(&world), 93 * M, 94 * M);
}

/* A round trip of half a millisecond, deliveries told every five, and a machine that gets 96 % of
 * the pace out: what a probe adds must show in whole spans, or it is lost in that. */
static void test_probes_show_on_a_path_of_less_than_a_millisecond(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    uint64_t capacity = 1000 * M;
    for (int span = 0; span < 1000; span++) {
        uint64_t paced = 0;
        for (int i = 0; i < 10; i++) {
            uint64_t prior = world.delivered;
            paced += rate(&world) / 10;
            rtt_sample(&world.rtt, MS / 2, 0);
            world.now_ns += MS / 2;
            world.delivered += rate(&world) / 8 / 2000;
            uint64_t seen = paced / 100 * 96 < capacity ? paced / 100 * 96 : capacity;
            const struct cc_ack ack = {
                .now_ns = world.now_ns,
                .delivered = world.delivered,
                .prior_delivered = prior,
                .arrival = {.rate_bps = i == 9 ? seen : 0, .since_ns = world.now_ns - 5 * MS}};
            world.cc.ops->acked(&world.cc, &ack, &world.rtt);
        }
        capacity = span < 100 ? 1000 * M : 5000 * M;
    }
    assert_in_range(rate(&world), 4500 * M, 6500 * M);
}

static void test_jumps_that_gain_nothing_are_not_repeated_at_once(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    world.train_bps = 20 * M;
    rounds_of(&world, 12, 20 * M, 40 * MS);
    world.train_bps = 100 * M; /* jitter pressed them together */
    int high = 0;
    for (int i = 0; i < 32; i++) {
        round_of(&world, 20 * M, 40 * MS);
        high += rate(&world) > 26 * M;
    }
    assert_in_range(high, 1, 6);
}

static void test_a_slower_path_with_a_queue_is_believed_soon(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    world.train_bps = 80 * M;
    rounds_of(&world, 12, 80 * M, 100 * MS);
    world.train_bps = 8 * M;
    rounds_of(&world, 4, 8 * M, 150 * MS);
    assert_in_range(rate(&world), 5 * M, 8 * M);
}

static void test_a_slower_path_without_one_is_believed_after_ten_rounds(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    rounds_of(&world, 12, 80 * M, 100 * MS);
    rounds_of(&world, 5, 8 * M, 100 * MS);
    assert_true(rate(&world) >= 80 * M);
    rounds_of(&world, 7, 8 * M, 100 * MS);
    assert_in_range(rate(&world), 6 * M, 10 * M);
}

static void test_a_queue_that_draining_does_not_end_is_shared(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    world.train_bps = 80 * M;
    rounds_of(&world, 12, 80 * M, 100 * MS);
    uint64_t open = window(&world);
    rounds_of(&world, 12, 40 * M, 180 * MS); /* another sender fills it */
    assert_in_range(rate(&world), 30 * M, 50 * M);
    assert_true(window(&world) > open / 3 * 2);
}

static void test_bursts_are_short_against_any_queue(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    world.train_bps = 100 * M;
    rounds_of(&world, 5, 100 * M, 100 * MS);
    assert_in_range(world.cc.ops->burst_ns(&world.cc), 5 * MS, 6 * MS); /* 44 packets */
    set_up(&world);
    world.train_bps = 2 * M;
    rounds_of(&world, 5, 2 * M, 100 * MS);
    assert_in_range(world.cc.ops->burst_ns(&world.cc), 40 * MS, 50 * MS); /* 8 packets */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trains_give_the_rate_in_the_first_round),
        cmocka_unit_test(test_remembered_path_is_where_it_begins),
        cmocka_unit_test(test_remembered_path_that_became_slower_is_given_up_in_a_round),
        cmocka_unit_test(test_without_trains_startup_doubles_until_the_rate_stays_flat),
        cmocka_unit_test(test_a_queue_that_stands_ends_startup_and_is_drained),
        cmocka_unit_test(test_overflow_of_a_short_queue_ends_startup),
        cmocka_unit_test(test_loss_at_any_load_slows_nothing),
        cmocka_unit_test(test_a_short_spell_of_loss_is_not_made_up_for),
        cmocka_unit_test(test_little_to_send_at_first_does_not_pin_the_rate),
        cmocka_unit_test(test_little_to_send_never_lowers_the_rate),
        cmocka_unit_test(test_a_faster_path_is_jumped_to),
        cmocka_unit_test(test_probes_show_on_a_path_of_less_than_a_millisecond),
        cmocka_unit_test(test_jumps_that_gain_nothing_are_not_repeated_at_once),
        cmocka_unit_test(test_a_slower_path_with_a_queue_is_believed_soon),
        cmocka_unit_test(test_a_slower_path_without_one_is_believed_after_ten_rounds),
        cmocka_unit_test(test_a_queue_that_draining_does_not_end_is_shared),
        cmocka_unit_test(test_bursts_are_short_against_any_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
