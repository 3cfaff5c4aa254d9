#include "base/histogram.h"

#include "base/random.h"
#include "support/cmocka.h"

#include <string.h>

static void test_quantile_is_at_most_a_sixteenth_above_the_value(void **state) {
    (void)state;
    struct random random = random_of(2, 0);
    for (int trial = 0; trial < 5000; trial++) {
        uint64_t value = random_u64(&random) >> random_below(&random, 64);
        struct histogram histogram = {0};
        histogram_add(&histogram, value);
        histogram_add(&histogram, UINT64_MAX);
        uint64_t median = histogram_quantile(&histogram, 500);
        assert_true(median >= value);
        assert_true(median - value <= value / 16);
    }
}

static void test_quantiles_of_a_hundred_small_values_are_exact(void **state) {
    (void)state;
    struct histogram histogram = {0};
    for (uint64_t i = 0; i < 160; i++) {
        histogram_add(&histogram, i / 10);
    }
    assert_int_equal(histogram_quantile(&histogram, 0), 0);
    assert_int_equal(histogram_quantile(&histogram, 500), 7);
    assert_int_equal(histogram_quantile(&histogram, 501), 8);
    assert_int_equal(histogram_quantile(&histogram, 1000), 15);
    assert_int_equal(histogram.count, 160);
    assert_int_equal(histogram.sum, 1200);
}

static void test_extremes_and_a_saturated_sum(void **state) {
    (void)state;
    struct histogram histogram = {0};
    assert_int_equal(histogram_quantile(&histogram, 500), 0);
    histogram_add(&histogram, UINT64_MAX);
    histogram_add(&histogram, 5);
    assert_true(histogram.sum == UINT64_MAX);
    assert_true(histogram.max == UINT64_MAX);
    assert_int_equal(histogram.min, 5);
    assert_true(histogram_quantile(&histogram, 1000) == UINT64_MAX);
    assert_int_equal(histogram_quantile(&histogram, 0), 5);
    struct histogram one = {0};
    histogram_add(&one, 1000);
    assert_int_equal(histogram_quantile(&one, 500), 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantile_is_at_most_a_sixteenth_above_the_value),
        cmocka_unit_test(test_quantiles_of_a_hundred_small_values_are_exact),
        cmocka_unit_test(test_extremes_and_a_saturated_sum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
