#include "sim-link/turn.h"

#include "support/cmocka.h"

#include <math.h>

static void test_sine_is_right_to_4e_9_all_around(void **state) {
    (void)state;
    const double tau = 6.283185307179586;
    for (uint64_t turn = 0; turn <= UINT32_MAX; turn += 104729) {
        double angle = (double)turn / 4294967296.0 * tau;
        assert_true(fabs((double)turn_sine((uint32_t)turn) / Q30_ONE - sin(angle)) < 4e-9);
        assert_true(fabs((double)turn_cosine((uint32_t)turn) / Q30_ONE - cos(angle)) < 4e-9);
    }
}

static void test_degrees_wrap(void **state) {
    (void)state;
    assert_int_equal(turn_of_microdegrees(90000000), 1u << 30);
    assert_int_equal(turn_of_microdegrees(-90000000), 3u << 30);
    assert_int_equal(turn_of_microdegrees(360000000), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sine_is_right_to_4e_9_all_around),
        cmocka_unit_test(test_degrees_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
