#include "sim-link/profile_fixed.h"

#include "support/cmocka.h"

static void test_geo_is_slow_up_and_far(void **state) {
    (void)state;
    struct profile profile;
    assert_int_equal(profile_parse("geo", &profile, NULL), SATSYNC_OK);
    assert_int_equal(profile.there.rate_bps, 3000000);
    assert_int_equal(profile.back.rate_bps, 250000000);
    assert_int_equal(profile.there.delay_ns + profile.back.delay_ns, 560000000);
}

static void test_fibre_has_the_computed_round_trip(void **state) {
    (void)state;
    struct profile profile;
    assert_int_equal(profile_parse("fibre-memphis-atlanta", &profile, NULL), SATSYNC_OK);
    assert_int_equal(profile.there.delay_ns + profile.back.delay_ns, 8200000);
    assert_int_equal(profile_parse("fibre-memphis-abudhabi", &profile, NULL), SATSYNC_OK);
    assert_int_equal(profile.there.delay_ns + profile.back.delay_ns, 186400000);
    assert_int_equal(profile.rtt_ns, 186400000);
}

static void test_plain_has_no_figures_of_its_own(void **state) {
    (void)state;
    struct profile profile;
    assert_int_equal(profile_parse("plain", &profile, NULL), SATSYNC_OK);
    assert_int_equal(profile.there.rate_bps, 0);
    assert_int_equal(profile.there.delay_ns, 0);
    assert_int_equal(profile.there.loss_ppb, 0);
    assert_int_equal(profile_plain.figure_count, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_geo_is_slow_up_and_far),
        cmocka_unit_test(test_fibre_has_the_computed_round_trip),
        cmocka_unit_test(test_plain_has_no_figures_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
