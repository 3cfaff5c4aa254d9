#include "rounds/outer.h"
#include "support/cmocka.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { VALUES = 2500 };

static float value_of(size_t i) {
    return (float)((double)((i * 7919) % 2003) / 1001.5 - 1);
}

static void test_the_step_is_nesterovs(void **state) {
    (void)state;
    const float mean[3] = {0.5f, -1, 0.25f};
    float agreed[1] = {2}, momentum[1] = {0};
    double m = 0, a = 2;
    for (int step = 0; step < 3; step++) {
        uint8_t coded[2][4];
        float first = mean[step] * 2 - 0.125f, second = 0.125f;
        quantise_encode(QUANTISE_FP32, &first, 1, coded[0]);
        quantise_encode(QUANTISE_FP32, &second, 1, coded[1]);
        struct outer_rule rule = {QUANTISE_FP32, 0.5f, 0.75f};
        outer_step(&rule, &(struct outer_sum){{coded[0], coded[1]}, 2}, 1,
                   (struct outer_state){agreed, momentum});
        m = 0.75 * m + (double)mean[step];
        a = a - 0.5 * ((double)mean[step] + 0.75 * m);
        assert_true(fabs((double)momentum[0] - m) < 1e-6);
        assert_true(fabs((double)agreed[0] - a) < 1e-6);
    }
}

/* Float sums depend on their order: the order of the sites is the one that counts. */
static void test_contributions_are_summed_in_the_order_given(void **state) {
    (void)state;
    const float parts[3] = {1e8f, 1, -1e8f};
    uint8_t coded[3][4];
    for (size_t i = 0; i < 3; i++) {
        quantise_encode(QUANTISE_FP32, &parts[i], 1, coded[i]);
    }
    struct outer_rule rule = {QUANTISE_FP32, 1, 0};
    float agreed = 0, momentum = 0;
    outer_step(&rule, &(struct outer_sum){{coded[0], coded[1], coded[2]}, 3}, 1,
               (struct outer_state){&agreed, &momentum});
    assert_true(momentum == 0); /* (1e8 + 1) - 1e8 */
    outer_step(&rule, &(struct outer_sum){{coded[0], coded[2], coded[1]}, 3}, 1,
               (struct outer_state){&agreed, &momentum});
    assert_true(momentum == 1 / 3.0f);
}

/* Runs of any length give what one value at a time gives. */
static void test_long_fragments_are_the_same_as_short_ones(void **state) {
    (void)state;
    static float x[2][VALUES], agreed[VALUES], momentum[VALUES];
    static uint8_t coded[2][4 * VALUES];
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < VALUES; i++) {
            x[k][i] = value_of(i + 31 * k);
        }
        quantise_encode(QUANTISE_BF16, x[k], VALUES, coded[k]);
    }
    struct outer_rule rule = {QUANTISE_BF16, 0.7f, 0.9f};
    outer_step(&rule, &(struct outer_sum){{coded[0], coded[1]}, 2}, VALUES,
               (struct outer_state){agreed, momentum});
    for (size_t i = 0; i < VALUES; i++) {
        float one = 0, m = 0;
        outer_step(&rule, &(struct outer_sum){{coded[0] + 2 * i, coded[1] + 2 * i}, 2}, 1,
                   (struct outer_state){&one, &m});
        assert_memory_equal(&one, &agreed[i], 4);
        assert_memory_equal(&m, &momentum[i], 4);
    }
}

/* Whoever sums a run of blocks gets what each site gets that sums all. */
static void test_a_step_from_sums_of_runs_has_the_bits_of_one_from_contributions(void **state) {
    (void)state;
    static float x[VALUES], agreed[2][VALUES], momentum[2][VALUES];
    static uint8_t coded[3][4 * VALUES + 64], sums[4 * VALUES];
    const enum quantise_codec codecs[] = {QUANTISE_FP32, QUANTISE_BF16, QUANTISE_INT8};
    for (size_t c = 0; c < 3; c++) {
        for (size_t k = 0; k < 3; k++) {
            for (size_t i = 0; i < VALUES; i++) {
                x[i] = value_of(i + 31 * k);
            }
            quantise_encode(codecs[c], x, VALUES, coded[k]);
        }
        struct outer_rule rule = {codecs[c], 0.7f, 0.9f};
        outer_step(&rule, &(struct outer_sum){{coded[0], coded[1], coded[2]}, 3}, VALUES,
                   (struct outer_state){agreed[0], momentum[0]});
        size_t cut = VALUES / 2 / QUANTISE_BLOCK * QUANTISE_BLOCK;
        for (size_t start = 0; start < VALUES; start += start ? VALUES : cut) {
            size_t from = (size_t)quantise_bytes(codecs[c], start);
            size_t values = start ? VALUES - cut : cut;
            outer_add(codecs[c],
                      &(struct outer_sum){{coded[0] + from, coded[1] + from, coded[2] + from}, 3},
                      values, sums);
            outer_step_summed(&rule, sums, 3, values,
                              (struct outer_state){agreed[1] + start, momentum[1] + start});
        }
        assert_memory_equal(agreed[0], agreed[1], sizeof agreed[0]);
        assert_memory_equal(momentum[0], momentum[1], sizeof momentum[0]);
    }
}

static void test_parameters_that_did_not_move_become_the_agreed_ones(void **state) {
    (void)state;
    static float agreed[VALUES], snapshot[VALUES], local[VALUES];
    for (size_t i = 0; i < VALUES; i++) {
        agreed[i] = value_of(i);
        local[i] = snapshot[i] = value_of(i + 5) * 1000;
    }
    local[7] += 0.5f;
    outer_merge(agreed, snapshot, VALUES, local);
    float moved = agreed[7] + (local[7] - agreed[7]);
    assert_memory_equal(&local[7], &moved, 4);
    assert_true(fabsf(local[7] - agreed[7] - 0.5f) < 1e-3f);
    local[7] = agreed[7];
    assert_memory_equal(local, agreed, sizeof local);
}

/* What was taken off and what is carried again is what was coded. */
static void test_a_contribution_that_did_not_count_is_carried_whole(void **state) {
    (void)state;
    const enum quantise_codec codecs[] = {QUANTISE_FP32, QUANTISE_BF16, QUANTISE_INT8};
    static float agreed[VALUES], local[VALUES], x[VALUES], wanted[VALUES];
    static uint8_t coded[4 * VALUES];
    for (size_t c = 0; c < 3; c++) {
        for (size_t i = 0; i < VALUES; i++) {
            agreed[i] = value_of(i);
            local[i] = value_of(i + 1000);
            x[i] = value_of(i + 77) / 100;
            wanted[i] = (agreed[i] - local[i]) + x[i];
        }
        outer_difference(agreed, local, VALUES, x);
        assert_memory_equal(x, wanted, sizeof x);
        quantise_encode(codecs[c], x, VALUES, coded);
        outer_take_off(codecs[c], coded, VALUES, x);
        for (size_t i = 0; i < VALUES; i++) {
            assert_true(fabsf(x[i]) <= (codecs[c] == QUANTISE_FP32 ? 0 : 0.01f));
        }
        outer_carry(codecs[c], coded, VALUES, x);
        for (size_t i = 0; i < VALUES; i++) {
            assert_true(fabsf(x[i] - wanted[i]) <= 2e-7f);
        }
    }
}

static void test_the_first_bad_element_is_found(void **state) {
    (void)state;
    static float agreed[VALUES], local[VALUES];
    const float bad[] = {NAN, INFINITY, -INFINITY, 11, -11};
    assert_int_equal(outer_first_bad(agreed, local, VALUES, 10), VALUES);
    for (size_t k = 0; k < 5; k++) {
        local[k * 400 + 3] = bad[k];
        local[VALUES - 1] = NAN;
        assert_int_equal(outer_first_bad(agreed, local, VALUES, 10), k * 400 + 3);
        local[k * 400 + 3] = 10;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_step_is_nesterovs),
        cmocka_unit_test(test_contributions_are_summed_in_the_order_given),
        cmocka_unit_test(test_long_fragments_are_the_same_as_short_ones),
        cmocka_unit_test(test_a_step_from_sums_of_runs_has_the_bits_of_one_from_contributions),
        cmocka_unit_test(test_parameters_that_did_not_move_become_the_agreed_ones),
        cmocka_unit_test(test_a_contribution_that_did_not_count_is_carried_whole),
        cmocka_unit_test(test_the_first_bad_element_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
