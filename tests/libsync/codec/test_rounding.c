#include "codec/rounding.h"

#include "base/bytes.h"
#include "base/random.h"
#include "support/cmocka.h"

#include <math.h>
#include <string.h>

static uint16_t rounded(uint32_t bits) {
    uint8_t fp32[4];
    uint8_t bf16[2];
    store_le32(fp32, bits);
    round_to_bf16(fp32, 1, bf16);
    return load_le16(bf16);
}

static double value_of(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Every upper half with lower halves around the tie. The neighbours are compared as numbers. */
static void test_the_nearest_is_taken_and_ties_go_to_even(void **state) {
    static const uint32_t lower[] = {0, 1, 0x7fff, 0x8000, 0x8001, 0xffff};
    (void)state;
    for (uint32_t upper = 0; upper < 0x7f80; upper++) {
        for (size_t i = 0; i < sizeof lower / sizeof *lower; i++) {
            uint32_t bits = upper << 16 | lower[i];
            /* Beyond the largest the next would be 2^128, which is called infinite. */
            double above = upper == 0x7f7f ? ldexp(1, 128) : value_of((upper + 1) << 16);
            double down = value_of(bits) - value_of(upper << 16);
            double up = above - value_of(bits);
            bool is_up = up < down || (up == down && upper % 2 == 1);
            uint16_t expected = (uint16_t)(upper + is_up);
            assert_int_equal(rounded(bits), expected);
            assert_int_equal(rounded(bits | 0x80000000), expected | 0x8000);
        }
    }
}

static void test_infinities_stay_and_every_nan_is_one(void **state) {
    static const uint32_t nans[] = {0x7f800001, 0x7fc00000, 0x7fffffff, 0xff800001, 0xffffffff};
    (void)state;
    assert_int_equal(rounded(0x7f800000), 0x7f80);
    assert_int_equal(rounded(0xff800000), 0xff80);
    for (size_t i = 0; i < sizeof nans / sizeof *nans; i++) {
        assert_int_equal(rounded(nans[i]), 0x7fc0);
    }
}

/* The vector loops have tails. */
static void test_many_are_rounded_as_one_is(void **state) {
    enum { MOST = 100 };
    uint8_t fp32[1 + 4 * MOST];
    uint8_t bf16[1 + 2 * MOST + 1];
    struct random random = random_of(7, 0);
    (void)state;
    for (size_t count = 0; count <= MOST; count++) {
        random_bytes(&random, fp32, sizeof fp32);
        memset(bf16, 0xee, sizeof bf16);
        round_to_bf16(fp32 + 1, count, bf16 + 1);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(load_le16(bf16 + 1 + 2 * i), rounded(load_le32(fp32 + 1 + 4 * i)));
        }
        assert_int_equal(bf16[1 + 2 * count], 0xee);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_nearest_is_taken_and_ties_go_to_even),
        cmocka_unit_test(test_infinities_stay_and_every_nan_is_one),
        cmocka_unit_test(test_many_are_rounded_as_one_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
