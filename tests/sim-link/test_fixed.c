#include "sim-link/fixed.h"

#include "support/cmocka.h"

static void test_log2_is_exact_at_powers_and_known_between(void **state) {
    (void)state;
    for (unsigned n = 0; n < 64; n++) {
        assert_int_equal(fixed_log2(1ull << n), (uint64_t)n << 32);
    }
    /* log2(3) = 1.5849625007, log2(10) = 3.3219280949. */
    assert_int_equal(fixed_log2(3) >> 8, 6807362105u >> 8);
    assert_int_equal(fixed_log2(10) >> 8, 14267572527u >> 8);
}

static void test_scale_is_a_power_of_two(void **state) {
    (void)state;
    assert_int_equal(fixed_scale(1000, 0), 1000);
    assert_int_equal(fixed_scale(1000, 3 * Q16_ONE), 8000);
    assert_int_equal(fixed_scale(1000, -2 * Q16_ONE), 250);
    assert_int_equal(fixed_scale(1000000000, Q16_ONE / 2), 1414213562);
    assert_int_equal(fixed_scale(1000000000, -Q16_ONE / 2), 707106781);
    assert_true(fixed_scale(UINT64_MAX, Q16_ONE) == UINT64_MAX);
}

static void test_exponential_draws_have_their_mean_and_tail(void **state) {
    (void)state;
    struct random random = random_of(1, 2);
    uint64_t sum = 0;
    unsigned beyond = 0;
    for (int i = 0; i < 1000000; i++) {
        uint64_t drawn = draw_exponential(&random, 1000000);
        sum += drawn;
        beyond += drawn > 3000000;
    }
    assert_in_range(sum / 1000000, 995000, 1005000);
    assert_in_range(beyond, 48700, 50900); /* e^-3 */
}

static void test_normal_draws_have_mean_deviation_and_quartiles(void **state) {
    (void)state;
    struct random random = random_of(1, 3);
    int64_t sum = 0;
    int64_t squares = 0;
    unsigned inner = 0;
    for (int i = 0; i < 1000000; i++) {
        int64_t drawn = draw_normal(&random);
        sum += drawn;
        squares += drawn * drawn / Q16_ONE;
        inner += drawn > -44203 && drawn < 44203;
    }
    assert_true(sum / 1000000 > -300 && sum / 1000000 < 300);
    assert_in_range(squares / 1000000, 65000, 66100);
    assert_in_range(inner, 490000, 510000);
}

static void test_chances_are_exact_at_both_ends(void **state) {
    (void)state;
    struct random random = random_of(1, 4);
    unsigned hits = 0;
    for (int i = 0; i < 100000; i++) {
        assert_false(draw_ppb(&random, 0));
        assert_true(draw_ppb(&random, 1000000000));
        hits += draw_ppb(&random, 250000000);
    }
    assert_in_range(hits, 24500, 25500);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log2_is_exact_at_powers_and_known_between),
        cmocka_unit_test(test_scale_is_a_power_of_two),
        cmocka_unit_test(test_exponential_draws_have_their_mean_and_tail),
        cmocka_unit_test(test_normal_draws_have_mean_deviation_and_quartiles),
        cmocka_unit_test(test_chances_are_exact_at_both_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
