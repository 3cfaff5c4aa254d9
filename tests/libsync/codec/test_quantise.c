#include "base/random.h"
#include "codec/quantise.h"
#include "support/cmocka.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { VALUES = 3000, STEPS = 1000 };

static const enum quantise_codec codecs[] = {QUANTISE_FP32, QUANTISE_BF16, QUANTISE_INT8};

/* About normal, with blocks of very different size, as differences of parameters are. */
static void make_values(uint64_t seed, float *value, size_t values) {
    struct random random = random_of(seed, 1);
    for (size_t i = 0; i < values; i++) {
        double sum = -6;
        for (int k = 0; k < 12; k++) {
            sum += random_u32(&random) / 4294967296.0;
        }
        value[i] = (float)(sum * exp2(-(double)(i / 700)));
    }
}

static uint8_t *encode(enum quantise_codec codec, const float *value, size_t values) {
    uint8_t *coded = malloc((size_t)quantise_bytes(codec, values) + 1);
    assert_non_null(coded);
    quantise_encode(codec, value, values, coded);
    return coded;
}

/* The format's text in plain C, value by value. */
static void int8_oracle(const float *value, size_t values, uint8_t *coded) {
    for (size_t from = 0; from < values; from += QUANTISE_BLOCK) {
        size_t to = from + QUANTISE_BLOCK < values ? from + QUANTISE_BLOCK : values;
        volatile float absmax = 0, scale, inverse, product;
        for (size_t i = from; i < to; i++) {
            absmax = fmaxf(absmax, fabsf(value[i]));
        }
        scale = absmax < 0x1p-100f ? 0 : absmax / 127;
        inverse = absmax < 0x1p-100f ? 0 : 127 / absmax;
        memcpy(coded, (const void *)&scale, 4);
        coded += 4;
        for (size_t i = from; i < to; i++) {
            product = value[i] * inverse;
            *coded++ = (uint8_t)(int8_t)nearbyintf(product);
        }
    }
}

static void test_int8_has_the_bytes_of_the_plain_oracle_at_any_length(void **state) {
    (void)state;
    static float value[VALUES];
    static uint8_t coded[2 * VALUES], wanted[2 * VALUES];
    for (size_t values = 0; values < VALUES; values += 1 + values / 50) {
        make_values(values + 1, value, values);
        quantise_encode(QUANTISE_INT8, value, values, coded);
        int8_oracle(value, values, wanted);
        assert_memory_equal(coded, wanted, quantise_bytes(QUANTISE_INT8, values));
        float back[VALUES];
        quantise_decode(QUANTISE_INT8, coded, values, back);
        for (size_t i = 0; i < values; i++) {
            const uint8_t *block = coded + i / QUANTISE_BLOCK * (QUANTISE_BLOCK + 4);
            float scale;
            memcpy(&scale, block, 4);
            volatile float expected = (float)(int8_t)block[4 + i % QUANTISE_BLOCK] * scale;
            assert_memory_equal(&back[i], (const void *)&expected, 4);
        }
    }
}

static void test_ties_go_to_the_even_neighbour(void **state) {
    (void)state;
    /* absmax 127 makes the scale 1. */
    const float value[] = {127, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f, 126.5f};
    const int8_t wanted[] = {127, 0, 2, 2, 0, -2, -2, 126};
    uint8_t coded[64];
    quantise_encode(QUANTISE_INT8, value, 8, coded);
    assert_memory_equal(coded + 4, wanted, 8);
    const float halves[] = {0x1.01p0f, 0x1.03p0f, -0x1.01p0f, 0x1.010002p0f};
    const float rounded[] = {0x1p0f, 0x1.04p0f, -0x1p0f, 0x1.02p0f};
    float back[4];
    quantise_encode(QUANTISE_BF16, halves, 4, coded);
    quantise_decode(QUANTISE_BF16, coded, 4, back);
    assert_memory_equal(back, rounded, sizeof rounded);
}

static void test_fp32_comes_back_bit_for_bit(void **state) {
    (void)state;
    float value[600], back[600];
    make_values(5, value, 600);
    value[0] = -0.0f;
    value[1] = FLT_TRUE_MIN;
    uint8_t *coded = encode(QUANTISE_FP32, value, 600);
    quantise_decode(QUANTISE_FP32, coded, 600, back);
    assert_memory_equal(value, back, sizeof value);
    free(coded);
}

/* What is coded in place of x is x on average, whatever its sign and size. */
static void test_coding_has_no_bias(void **state) {
    (void)state;
    static float value[1 << 18], back[1 << 18];
    const size_t values = 1 << 18;
    make_values(3, value, 690);
    for (size_t i = 690; i < values; i++) {
        value[i] = value[i % 690] * (1 + (float)(i % 977) / 977) * (i & 1024 ? -1 : 1);
    }
    for (size_t c = 0; c < 3; c++) {
        double error = 0, square = 0, wrong = 0;
        uint8_t *coded = encode(codecs[c], value, values);
        quantise_decode(codecs[c], coded, values, back);
        for (size_t i = 0; i < values; i++) {
            error += (double)back[i] - (double)value[i];
            wrong += ((double)back[i] - (double)value[i]) * ((double)back[i] - (double)value[i]);
            square += (double)value[i] * (double)value[i];
        }
        double rms = sqrt(square / (double)values);
        assert_true(fabs(error / (double)values) <= 1e-4 * rms);
        assert_true(sqrt(wrong / square) <= 0.009);
        free(coded);
    }
}

/* What was sent plus what is carried is the sum of all differences. */
static void test_error_feedback_loses_nothing_over_a_thousand_steps(void **state) {
    (void)state;
    enum { N = 300 };
    static float difference[N], x[N], carried[N], decoded[N];
    static uint8_t coded[4 * N + 64];
    for (size_t c = 0; c < 3; c++) {
        double sum[N] = {0}, sent[N] = {0}, largest = 0;
        memset(carried, 0, sizeof carried);
        for (uint64_t step = 0; step < STEPS; step++) {
            make_values(step, difference, N);
            for (size_t i = 0; i < N; i++) {
                sum[i] += (double)difference[i];
                x[i] = difference[i] + carried[i];
            }
            quantise_encode(codecs[c], x, N, coded);
            quantise_decode(codecs[c], coded, N, decoded);
            for (size_t i = 0; i < N; i++) {
                carried[i] = x[i] - decoded[i];
                sent[i] += (double)decoded[i];
            }
        }
        double wrong = 0;
        for (size_t i = 0; i < N; i++) {
            double gap = sent[i] + (double)carried[i] - sum[i];
            wrong += gap * gap;
            largest += sum[i] * sum[i];
        }
        assert_true(sqrt(wrong / largest) <= 1e-6);
    }
}

static void test_blocks_of_next_to_nothing_are_zero_and_stay_finite(void **state) {
    (void)state;
    float value[QUANTISE_BLOCK] = {0x1p-101f, -FLT_TRUE_MIN}, back[QUANTISE_BLOCK];
    uint8_t coded[QUANTISE_BLOCK + 4];
    quantise_encode(QUANTISE_INT8, value, QUANTISE_BLOCK, coded);
    quantise_decode(QUANTISE_INT8, coded, QUANTISE_BLOCK, back);
    for (size_t i = 0; i < QUANTISE_BLOCK; i++) {
        assert_true(back[i] == 0);
    }
    value[0] = 0x1p-99f;
    quantise_encode(QUANTISE_INT8, value, QUANTISE_BLOCK, coded);
    quantise_decode(QUANTISE_INT8, coded, QUANTISE_BLOCK, back);
    assert_true(isfinite(back[0]) && back[0] > 0x1.fp-100f);
}

static void test_what_is_not_finite_or_too_large_is_not_sane(void **state) {
    (void)state;
    const float bad[] = {NAN, INFINITY, -INFINITY, 1020, -1020};
    float value[700];
    for (size_t c = 0; c < 3; c++) {
        for (size_t k = 0; k < 5; k++) {
            make_values(9, value, 700);
            uint8_t *coded = encode(codecs[c], value, 700);
            assert_true(quantise_is_sane(codecs[c], coded, 700, 1000));
            if (codecs[c] == QUANTISE_INT8) {
                float scale = bad[k] / 127;
                memcpy(coded + 2 * (QUANTISE_BLOCK + 4), &scale, 4);
            } else {
                free(coded);
                value[699] = bad[k];
                coded = encode(codecs[c], value, 700);
            }
            assert_false(quantise_is_sane(codecs[c], coded, 700, 1000));
            free(coded);
        }
    }
}

static void test_codecs_have_names_and_sizes(void **state) {
    (void)state;
    assert_string_equal(quantise_name(QUANTISE_INT8), "int8");
    assert_string_equal(quantise_name(0), "unknown");
    assert_string_equal(quantise_name(4), "unknown");
    assert_int_equal(quantise_bytes(QUANTISE_FP32, 257), 1028);
    assert_int_equal(quantise_bytes(QUANTISE_BF16, 257), 514);
    assert_int_equal(quantise_bytes(QUANTISE_INT8, 257), 265);
    assert_int_equal(quantise_bytes(QUANTISE_INT8, 0), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_int8_has_the_bytes_of_the_plain_oracle_at_any_length),
        cmocka_unit_test(test_ties_go_to_the_even_neighbour),
        cmocka_unit_test(test_fp32_comes_back_bit_for_bit),
        cmocka_unit_test(test_coding_has_no_bias),
        cmocka_unit_test(test_error_feedback_loses_nothing_over_a_thousand_steps),
        cmocka_unit_test(test_blocks_of_next_to_nothing_are_zero_and_stay_finite),
        cmocka_unit_test(test_what_is_not_finite_or_too_large_is_not_sane),
        cmocka_unit_test(test_codecs_have_names_and_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
