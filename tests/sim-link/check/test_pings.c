#include "sim-link/check/pings.h"

#include "support/cmocka.h"

static void test_a_ping_takes_both_delays_and_losses_are_counted(void **state) {
    (void)state;
    struct profile profile;
    struct samples samples = {.at = NULL};
    struct pings pings = {.seed = 1, .step_ns = 1000000000, .count = 2000};
    assert_int_equal(profile_parse("plain?rtt=30ms&loss=10%&start=5s", &profile, NULL), SATSYNC_OK);
    assert_int_equal(pings_run(&profile, &pings, &samples, NULL), SATSYNC_OK);
    assert_int_equal(samples.count + pings.lost, 2000);
    assert_in_range(pings.lost, 300, 460); /* 19 % */
    for (size_t i = 0; i < samples.count; i++) {
        assert_true(samples.at[i].rtt_ms == 30);
    }
    assert_true(samples.at[0].time_s >= 5);
    samples_fini(&samples);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_ping_takes_both_delays_and_losses_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
