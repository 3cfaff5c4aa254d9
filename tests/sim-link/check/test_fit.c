#include "sim-link/check/fit.h"

#include "base/memory.h"
#include "sim-link/check/pings.h"
#include "support/cmocka.h"

/* What leo-bent itself makes, 10 ms longer, is found again. */
static void test_a_shifted_link_is_fitted(void **state) {
    (void)state;
    static struct fit fit;
    struct profile profile;
    struct samples samples = {.at = NULL};
    struct pings pings = {.seed = 77, .step_ns = 1000300000, .count = 2 * 86400};
    struct samples_part all = {.all_but = -1};
    struct distribution rtts;
    struct distribution jumps;
    assert_int_equal(profile_parse("leo-bent", &profile, NULL), SATSYNC_OK);
    profile.there.delay_ns = 10000000;
    assert_int_equal(pings_run(&profile, &pings, &samples, NULL), SATSYNC_OK);
    assert_int_equal(samples_rtts(&samples, all, &rtts), SATSYNC_OK);
    assert_int_equal(samples_jumps(&samples, all, &jumps), SATSYNC_OK);
    assert_int_equal(fit_leo(&rtts, &jumps, 1, &fit), SATSYNC_OK);
    assert_true(fit.rtt_distance < 0.02);
    assert_true(fit.jump_distance < 0.04);
    memory_free(NULL, rtts.values);
    memory_free(NULL, jumps.values);
    samples_fini(&samples);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_shifted_link_is_fitted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
