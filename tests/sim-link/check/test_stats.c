#include "sim-link/check/stats.h"

#include "support/cmocka.h"

#include <math.h>

static void test_quantiles_lie_between_their_neighbours(void **state) {
    (void)state;
    double values[] = {30, 10, 20, 40, 50};
    stats_sort(values, 5);
    assert_true(stats_quantile(values, 5, 0) == 10);
    assert_true(stats_quantile(values, 5, 0.5) == 30);
    assert_true(stats_quantile(values, 5, 0.625) == 35);
    assert_true(stats_quantile(values, 5, 1) == 50);
}

static void test_distances_of_known_samples(void **state) {
    (void)state;
    const double a[] = {1, 2, 3, 4};
    const double b[] = {3, 4, 5, 6};
    const double c[] = {1, 1, 2, 2, 3, 3, 4, 4};
    assert_true(stats_distance(a, 4, b, 4) == 0.5);
    assert_true(stats_distance(a, 4, c, 8) == 0);
    assert_true(stats_distance(a, 1, b, 4) == 1);
    const double uniform[] = {0.125, 0.375, 0.625, 0.875};
    assert_true(stats_distance_uniform(uniform, 4) == 0.125);
}

/* Critical values from any table: 5 % at 15.507 with 8 degrees, 1 % at 9.210 with 2. */
static void test_the_tail_of_chi_square(void **state) {
    (void)state;
    assert_true(fabs(stats_chi_square_tail(15.507, 8) - 0.05) < 1e-4);
    assert_true(fabs(stats_chi_square_tail(9.210, 2) - 0.01) < 1e-4);
    assert_true(stats_chi_square_tail(0, 4) == 1);
}

static void test_the_quantiles_of_the_normal(void **state) {
    (void)state;
    assert_true(fabs(stats_normal_quantile(0.975) - 1.959964) < 1e-5);
    assert_true(fabs(stats_normal_quantile(0.5)) < 1e-5);
    assert_true(fabs(stats_normal_quantile(0.001) + 3.090232) < 1e-5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantiles_lie_between_their_neighbours),
        cmocka_unit_test(test_distances_of_known_samples),
        cmocka_unit_test(test_the_tail_of_chi_square),
        cmocka_unit_test(test_the_quantiles_of_the_normal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
