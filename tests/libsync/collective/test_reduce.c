#include "collective/reduce.h"
#include "support/cmocka.h"

#include "base/random.h"

#include <math.h>
#include <string.h>

enum { COUNT = 3000, RANKS = 5 };

static void test_f32_is_added_in_rank_order(void **state) {
    (void)state;
    static float x[RANKS][COUNT];
    static float expected[COUNT];
    struct random random = random_of(1, 0);
    const void *in[RANKS];
    for (size_t i = 0; i < COUNT; i++) {
        for (uint32_t rank = 0; rank < RANKS; rank++) {
            x[rank][i] = ldexpf((float)random_u32(&random), (int)random_below(&random, 40) - 20);
            expected[i] = rank == 0 ? x[0][i] : expected[i] + x[rank][i];
            in[rank] = x[rank];
        }
    }
    /* In place at any rank: the result is the same. */
    reduce_sum(COLLECTIVE_F32, x[3], in, RANKS, COUNT);
    assert_memory_equal(x[3], expected, sizeof expected);
}

static void test_order_matters_and_is_kept(void **state) {
    (void)state;
    const double big = 1e16;
    const double one = 1;
    const double minus = -1e16;
    const void *in[] = {&big, &one, &minus};
    const void *other[] = {&big, &minus, &one};
    double sum;
    reduce_sum(COLLECTIVE_F64, &sum, in, 3, 1);
    assert_true(sum == 0);
    reduce_sum(COLLECTIVE_F64, &sum, other, 3, 1);
    assert_true(sum == 1);
}

static void test_integers_wrap_around(void **state) {
    (void)state;
    const int32_t a32 = INT32_MAX;
    const int32_t b32 = 1;
    const int64_t a64 = INT64_MAX;
    const int64_t b64 = 2;
    int32_t sum32;
    int64_t sum64;
    reduce_sum(COLLECTIVE_I32, &sum32, (const void *[]){&a32, &b32}, 2, 1);
    assert_int_equal(sum32, INT32_MIN);
    reduce_sum(COLLECTIVE_I64, &sum64, (const void *[]){&a64, &b64}, 2, 1);
    assert_true(sum64 == INT64_MIN + 1);
}

static void test_every_half_survives_the_round_trip(void **state) {
    (void)state;
    for (uint32_t half = 0; half < 65536; half++) {
        uint16_t bits = (uint16_t)half;
        float wide = reduce_from_f16(bits);
        if (isnan(wide)) {
            assert_true(isnan(reduce_from_f16(reduce_to_f16(wide))));
        } else {
            assert_int_equal(reduce_to_f16(wide), bits);
        }
        wide = reduce_from_bf16(bits);
        if (isnan(wide)) {
            assert_true(isnan(reduce_from_bf16(reduce_to_bf16(wide))));
        } else {
            assert_int_equal(reduce_to_bf16(wide), bits);
        }
    }
}

/* Between two neighbours the nearer one, the even one at the middle: for all pairs. */
static void test_halves_round_to_nearest_even(void **state) {
    (void)state;
    for (uint16_t low = 0; low < 0x7bff; low++) {
        float a = reduce_from_f16(low);
        float b = reduce_from_f16((uint16_t)(low + 1));
        float middle = a + (b - a) / 2;
        uint16_t even = low % 2 == 0 ? low : (uint16_t)(low + 1);
        assert_int_equal(reduce_to_f16(middle), even);
        assert_int_equal(reduce_to_f16(nextafterf(middle, a)), low);
        assert_int_equal(reduce_to_f16(nextafterf(middle, b)), low + 1);
        assert_int_equal(reduce_to_f16(-middle), even | 0x8000);
    }
    assert_int_equal(reduce_to_f16(65519.99f), 0x7bff);
    assert_int_equal(reduce_to_f16(65520), 0x7c00);
    assert_int_equal(reduce_to_f16(INFINITY), 0x7c00);
    assert_int_equal(reduce_to_bf16(1.00390625f), 0x3f80); /* 1 + 2^-8: the middle, to even */
    assert_int_equal(reduce_to_bf16(1.01171875f), 0x3f82); /* 1 + 3 * 2^-8 */
    assert_int_equal(reduce_to_bf16(3.4e38f), 0x7f80);
}

/* 256 + 1 + 1: each 1 alone is lost in bf16, together they are not. */
static void test_halves_are_rounded_once(void **state) {
    (void)state;
    const uint16_t big = reduce_to_bf16(256);
    const uint16_t one = reduce_to_bf16(1);
    uint16_t sum;
    reduce_sum(COLLECTIVE_BF16, &sum, (const void *[]){&big, &one, &one}, 3, 1);
    assert_true(reduce_from_bf16(sum) == 258);
    const uint16_t big16 = reduce_to_f16(2048);
    const uint16_t one16 = reduce_to_f16(1);
    reduce_sum(COLLECTIVE_F16, &sum, (const void *[]){&big16, &one16, &one16}, 3, 1);
    assert_true(reduce_from_f16(sum) == 2050);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_f32_is_added_in_rank_order),
        cmocka_unit_test(test_order_matters_and_is_kept),
        cmocka_unit_test(test_integers_wrap_around),
        cmocka_unit_test(test_every_half_survives_the_round_trip),
        cmocka_unit_test(test_halves_round_to_nearest_even),
        cmocka_unit_test(test_halves_are_rounded_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
