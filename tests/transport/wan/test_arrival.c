#include "transport/wan/arrival.h"

#include "support/cmocka.h"

static const uint64_t MS = 1000000;

struct world {
    struct arrival arrival;
    struct arrival_rates rates;
    struct arrival_point at;
};

/* `packets` of 1500 bytes left `left_us` after the last ones and came `came_us` after them. */
static void packets_came(struct world *world, unsigned packets, uint64_t left_us,
                         uint64_t came_us) {
    world->at.sent_ns += left_us * 1000;
    world->at.received_us += came_us;
    world->at.delivered += 1500 * packets;
    arrival_note(&world->arrival, &world->at, 40 * MS, &world->rates);
}

static void test_a_train_is_spread_by_the_narrowest_hop(void **state) {
    (void)state;
    struct world world = {0};
    packets_came(&world, 1, 0, 1000);
    packets_came(&world, 4, 0, 480); /* 100 Mbit/s, but too few to say so */
    assert_int_equal(world.rates.train_bps, 0);
    packets_came(&world, 4, 0, 480);
    assert_int_equal(world.rates.train_bps, 100000000);
    packets_came(&world, 10, 0, 600);
    assert_int_equal(world.rates.train_bps, 200000000);
}

static void test_packets_that_left_apart_are_no_train(void **state) {
    (void)state;
    struct world world = {0};
    packets_came(&world, 1, 0, 1000);
    packets_came(&world, 20, 2000, 2400);
    assert_int_equal(world.rates.train_bps, 0);
    packets_came(&world, 20, 0, 10); /* a clock that is read once a batch */
    assert_int_equal(world.rates.train_bps, 0);
    packets_came(&world, 20, 100, 4790);
    assert_int_equal(world.rates.train_bps, 100000000);
}

static void test_a_span_of_a_round_trip_says_what_was_delivered(void **state) {
    (void)state;
    struct world world = {0};
    packets_came(&world, 1, 0, 1000);
    uint64_t began = world.at.sent_ns;
    packets_came(&world, 100, 30000, 30000);
    assert_int_equal(world.rates.rate_bps, 0);
    packets_came(&world, 100, 30000, 10000); /* held up on the way, then come together */
    assert_int_equal(world.rates.rate_bps, 40000000);
    assert_int_equal(world.rates.since_ns, began);
    assert_false(world.rates.app_limited);
}

static void test_a_long_path_is_measured_in_less_than_a_round_trip(void **state) {
    (void)state;
    struct world world = {0};
    packets_came(&world, 1, 0, 1000);
    world.at.delivered += 150000;
    world.at.sent_ns += 150 * MS;
    world.at.received_us += 150000;
    world.at.app_limited = true;
    arrival_note(&world.arrival, &world.at, 600 * MS, &world.rates);
    assert_int_equal(world.rates.rate_bps, 8000000);
    assert_true(world.rates.app_limited);
}

static void test_after_silence_it_begins_anew(void **state) {
    (void)state;
    struct world world = {0};
    packets_came(&world, 1, 0, 1000);
    arrival_forget(&world.arrival);
    packets_came(&world, 100, 1000000, 1000000);
    assert_int_equal(world.rates.rate_bps, 0);
    packets_came(&world, 100, 40000, 40000);
    assert_int_equal(world.rates.rate_bps, 30000000);
}

static void test_stamps_unfold_over_their_end(void **state) {
    (void)state;
    struct arrival arrival = {0};
    uint64_t first = arrival_clock_us(&arrival, ARRIVAL_STAMPS - 100);
    assert_int_equal(arrival_clock_us(&arrival, ARRIVAL_STAMPS - 40) - first, 60);
    assert_int_equal(arrival_clock_us(&arrival, 50) - first, 150);
    assert_int_equal(arrival_clock_us(&arrival, 50) - first, 150);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_train_is_spread_by_the_narrowest_hop),
        cmocka_unit_test(test_packets_that_left_apart_are_no_train),
        cmocka_unit_test(test_a_span_of_a_round_trip_says_what_was_delivered),
        cmocka_unit_test(test_a_long_path_is_measured_in_less_than_a_round_trip),
        cmocka_unit_test(test_after_silence_it_begins_anew),
        cmocka_unit_test(test_stamps_unfold_over_their_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
