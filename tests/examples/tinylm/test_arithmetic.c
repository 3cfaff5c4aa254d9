#include "examples/tinylm/arithmetic.h"

#include "support/cmocka.h"

#include <math.h>

static void test_exponential_is_within_a_few_units_in_the_last_place(void **state) {
    (void)state;
    for (float x = -86.5f; x < 87.5f; x += 0.0137f) {
        double wanted = exp((double)x);
        assert_true(fabs((double)exponential(x) - wanted) <= 4e-7 * wanted);
    }
    assert_true(exponential(-1e30f) > 0 && exponential(-1e30f) < 1e-37f);
    assert_true(exponential(1e30f) > 1e38f && isfinite(exponential(1e30f)));
}

static void test_tangent_and_sigmoid_stay_in_range(void **state) {
    (void)state;
    for (float x = -60; x < 60; x += 0.0311f) {
        assert_true(fabs((double)hyperbolic_tangent(x) - tanh((double)x)) < 5e-7);
        assert_true(fabs((double)sigmoid(x) - 1 / (1 + exp(-(double)x))) < 5e-7);
        assert_true(fabsf(hyperbolic_tangent(x)) <= 1 && sigmoid(x) >= 0 && sigmoid(x) <= 1);
    }
}

static void test_logarithm_and_root_match_the_library(void **state) {
    (void)state;
    for (double x = 1e-300; x < 1e300; x *= 1.7) {
        assert_true(fabs(natural_logarithm(x) - log(x)) <= 1e-15 * (1 + fabs(log(x))));
        assert_true(fabs(square_root(x) - sqrt(x)) <= 3e-16 * sqrt(x));
    }
    assert_true(square_root(0) == 0);
    assert_true(natural_logarithm(1) == 0);
}

static void test_bf16_rounds_to_the_nearest_even(void **state) {
    (void)state;
    assert_int_equal(bf16_of(1.0f), 0x3f80);
    assert_int_equal(bf16_of(-2.0f), 0xc000);
    assert_int_equal(bf16_of(1.0f + 1.0f / 256), 0x3f80);
    assert_int_equal(bf16_of(1.0f + 3.0f / 256), 0x3f82);
    assert_int_equal(bf16_of(1.0f + 1.0f / 256 + 1.0f / 65536), 0x3f81);
    assert_true(float_of_bf16(0x3f81) == 1.0f + 1.0f / 128);
}

/* The published first outputs of splitmix64 seeded with 1234567. */
static void test_random_numbers_are_the_published_ones(void **state) {
    (void)state;
    uint64_t random = 1234567;
    assert_true(random_next(&random) == 6457827717110365317u);
    assert_true(random_next(&random) == 3203168211198807973u);
    for (int i = 0; i < 1000; i++) {
        float unit = random_unit(&random);
        assert_true(unit >= -1 && unit < 1);
    }
}

static void test_hash_is_fnv_1a(void **state) {
    (void)state;
    assert_true(fnv_hash(FNV_START, "", 0) == 0xcbf29ce484222325u);
    assert_true(fnv_hash(FNV_START, "foobar", 6) == 0x85944171f73967e8u);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exponential_is_within_a_few_units_in_the_last_place),
        cmocka_unit_test(test_tangent_and_sigmoid_stay_in_range),
        cmocka_unit_test(test_logarithm_and_root_match_the_library),
        cmocka_unit_test(test_bf16_rounds_to_the_nearest_even),
        cmocka_unit_test(test_random_numbers_are_the_published_ones),
        cmocka_unit_test(test_hash_is_fnv_1a),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
