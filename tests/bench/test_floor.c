#include "bench/floor.h"

#include "support/cmocka.h"

static uint64_t floor_of(const char *link, uint64_t bytes) {
    struct profile profile;
    assert_int_equal(profile_parse(link, &profile, NULL), SATSYNC_OK);
    return floor_ns(&profile, bytes);
}

static void assert_near(uint64_t value, double wanted) {
    assert_true((double)value > wanted * 0.999999 && (double)value < wanted * 1.000001);
}

static void test_floor_follows_the_formula(void **state) {
    (void)state;
    /* 1420 bytes in 1500 at 1500 bytes a second: 1420 bytes take a second and half a round trip. */
    assert_near(floor_of("plain?rate=12k&rtt=600ms", 1420), 1.3e9);
    assert_near(floor_of("plain?rate=12k&rtt=600ms&loss=50%", 1420), 2.3e9);
    assert_near(floor_of("plain?rate=12k&rtt=0ms&outage=1s&outage-every=4s", 1420), 4e9 / 3);
}

static void test_endless_rate_has_no_floor(void **state) {
    (void)state;
    assert_true(floor_of("plain?rtt=600ms", 1) == UINT64_MAX);
}

static void test_loss_in_a_bad_state_counts_by_its_time(void **state) {
    (void)state;
    struct profile profile;
    assert_int_equal(profile_parse("plain?rate=12k&rtt=0ms", &profile, NULL), SATSYNC_OK);
    profile.there.bad_loss_ppb = 500000000;
    profile.there.bad_ns = 1;
    profile.there.good_ns = 4;
    assert_near(floor_ns(&profile, 1420), 1e9 / 0.9);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_floor_follows_the_formula),
        cmocka_unit_test(test_endless_rate_has_no_floor),
        cmocka_unit_test(test_loss_in_a_bad_state_counts_by_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
