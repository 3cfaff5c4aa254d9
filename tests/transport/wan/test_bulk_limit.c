#include "transport/wan/bulk_limit.h"

#include "support/cmocka.h"

static const uint64_t MS = 1000000;
static const uint64_t RATE_BPS = 80000000; /* 10,000 bytes a millisecond */

static void test_nothing_limits_before_the_first_round_trip(void **state) {
    (void)state;
    struct bulk_limit limit;
    bulk_limit_init(&limit);
    assert_true(bulk_limit_bytes(&limit, RATE_BPS, 600 * MS) == UINT64_MAX);
}

static void test_path_and_16_ms_may_be_in_flight(void **state) {
    (void)state;
    struct bulk_limit limit;
    bulk_limit_init(&limit);
    bulk_limit_note(&limit, 5000 * MS, 100 * MS);
    bulk_limit_note(&limit, 5001 * MS, 130 * MS);
    assert_int_equal(bulk_limit_bytes(&limit, RATE_BPS, 100 * MS), 1160000);
    assert_int_equal(bulk_limit_bytes(&limit, RATE_BPS, 90 * MS), 1160000);
    assert_int_equal(bulk_limit_bytes(&limit, RATE_BPS, 104 * MS), 1200000);
}

static void test_slow_links_hold_fifty_packets_more(void **state) {
    (void)state;
    struct bulk_limit limit;
    bulk_limit_init(&limit);
    bulk_limit_note(&limit, 5000 * MS, 100 * MS);
    assert_int_equal(bulk_limit_bytes(&limit, 1000000, 100 * MS), 12500 + 50 * 1500);
}

static void test_queue_of_a_late_peer_counts_for_10_ms_at_most(void **state) {
    (void)state;
    struct bulk_limit limit;
    bulk_limit_init(&limit);
    bulk_limit_note(&limit, 5000 * MS, 100 * MS);
    for (uint64_t i = 1; i < 10; i++) {
        bulk_limit_note(&limit, (5000 + 100 * i) * MS, 190 * MS);
    }
    assert_int_equal(bulk_limit_bytes(&limit, RATE_BPS, 190 * MS), 1260000);
}

static void test_way_that_became_longer_is_followed_in_two_seconds(void **state) {
    (void)state;
    struct bulk_limit limit;
    bulk_limit_init(&limit);
    bulk_limit_note(&limit, 5000 * MS, 100 * MS);
    for (uint64_t i = 1; i <= 22; i++) {
        bulk_limit_note(&limit, (5000 + 100 * i) * MS, 190 * MS);
    }
    assert_int_equal(bulk_limit_bytes(&limit, RATE_BPS, 190 * MS), 2060000);
    bulk_limit_note(&limit, 7300 * MS, 50 * MS);
    assert_int_equal(bulk_limit_bytes(&limit, RATE_BPS, 50 * MS), 660000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_limits_before_the_first_round_trip),
        cmocka_unit_test(test_path_and_16_ms_may_be_in_flight),
        cmocka_unit_test(test_slow_links_hold_fifty_packets_more),
        cmocka_unit_test(test_queue_of_a_late_peer_counts_for_10_ms_at_most),
        cmocka_unit_test(test_way_that_became_longer_is_followed_in_two_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
