#include "bench/flood.h"

#include "bench/floor.h"
#include "support/cmocka.h"

static uint64_t flood_of(const char *link, uint64_t bytes) {
    struct profile profile;
    uint64_t time_ns = 0;
    assert_int_equal(profile_parse(link, &profile, NULL), SATSYNC_OK);
    assert_int_equal(flood_ns(&profile, 7, bytes, &time_ns, NULL), SATSYNC_OK);
    return time_ns;
}

static void test_a_steady_link_carries_what_the_formula_says(void **state) {
    (void)state;
    struct profile profile;
    const char *link = "plain?rate=100M&rtt=600ms";
    assert_int_equal(profile_parse(link, &profile, NULL), SATSYNC_OK);
    uint64_t wanted_ns = floor_ns(&profile, 1420 * 10000);
    uint64_t time_ns = flood_of(link, 1420 * 10000);
    assert_true(time_ns >= wanted_ns - 1000 && time_ns <= wanted_ns + 1000);
}

static void test_loss_and_outages_take_their_time(void **state) {
    (void)state;
    uint64_t whole_ns = flood_of("plain?rate=100M&rtt=20ms", 4 << 20);
    uint64_t lossy_ns = flood_of("plain?rate=100M&rtt=20ms&loss=20%", 4 << 20);
    assert_true(lossy_ns > whole_ns * 12 / 10 && lossy_ns < whole_ns * 13 / 10);
    uint64_t dark_ns = flood_of("plain?rate=100M&rtt=20ms&outage=1s&outage-at=100ms", 4 << 20);
    assert_true(dark_ns > whole_ns + 900000000 && dark_ns < whole_ns + 1100000000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_steady_link_carries_what_the_formula_says),
        cmocka_unit_test(test_loss_and_outages_take_their_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
