#include "transport/wan/rtt.h"

#include "support/cmocka.h"

static const uint64_t MS = 1000000;

static void test_first_sample_replaces_the_guess(void **state) {
    (void)state;
    struct rtt rtt;
    rtt_init(&rtt, 600 * MS);
    assert_false(rtt.sampled);
    rtt_sample(&rtt, 40 * MS, 0);
    assert_true(rtt.sampled);
    assert_int_equal(rtt.smoothed_ns, 40 * MS);
    assert_int_equal(rtt.min_ns, 40 * MS);
}

static void test_the_first_samples_delay_is_taken_off_up_to_half(void **state) {
    (void)state;
    struct rtt rtt;
    rtt_init(&rtt, 600 * MS);
    rtt_sample(&rtt, 65 * MS, 5 * MS);
    assert_int_equal(rtt.smoothed_ns, 60 * MS);
    assert_int_equal(rtt.min_ns, 65 * MS);
    rtt_init(&rtt, 600 * MS);
    rtt_sample(&rtt, 60 * MS, 1000 * MS);
    assert_int_equal(rtt.smoothed_ns, 30 * MS);
}

static void test_ack_delay_is_taken_off_but_not_below_the_minimum(void **state) {
    (void)state;
    struct rtt rtt;
    rtt_init(&rtt, 600 * MS);
    rtt_sample(&rtt, 40 * MS, 0);
    rtt_sample(&rtt, 50 * MS, 10 * MS);
    assert_int_equal(rtt.smoothed_ns, 40 * MS);
    rtt_sample(&rtt, 50 * MS, 20 * MS);
    assert_int_equal(rtt.smoothed_ns, (7 * 40 * MS + 50 * MS) / 8);
}

static void test_ack_delay_is_an_eighth_within_bounds(void **state) {
    (void)state;
    assert_int_equal(rtt_ack_delay(0), MS);
    assert_int_equal(rtt_ack_delay(80 * MS), 10 * MS);
    assert_int_equal(rtt_ack_delay(2600 * MS), 50 * MS);
    assert_int_equal(rtt_ack_soon(16 * MS), 2 * MS);
    assert_int_equal(rtt_ack_soon(2600 * MS), 5 * MS);
}

static void test_patience_outlasts_round_trip_and_held_acks(void **state) {
    (void)state;
    struct rtt rtt;
    rtt_init(&rtt, 600 * MS);
    for (int i = 0; i < 100; i++) {
        rtt_sample(&rtt, 40 * MS, 0);
    }
    assert_in_range(rtt_patience(&rtt), 50 * MS, 70 * MS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_sample_replaces_the_guess),
        cmocka_unit_test(test_the_first_samples_delay_is_taken_off_up_to_half),
        cmocka_unit_test(test_ack_delay_is_taken_off_but_not_below_the_minimum),
        cmocka_unit_test(test_ack_delay_is_an_eighth_within_bounds),
        cmocka_unit_test(test_patience_outlasts_round_trip_and_held_acks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
