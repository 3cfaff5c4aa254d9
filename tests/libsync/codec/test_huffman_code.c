#include "codec/huffman_code.h"

#include "base/random.h"
#include "support/cmocka.h"

#include <string.h>

static struct huffman_code code;

static void build(const uint32_t *counts, size_t kinds) {
    memset(&code, 0xff, sizeof code);
    memset(code.counts, 0, sizeof code.counts);
    memcpy(code.counts, counts, kinds * sizeof *counts);
    huffman_code_build(&code);
}

/* Complete, limited, and no rarer symbol has a shorter code. */
static void check_code(void) {
    uint32_t sum = 0;
    for (size_t i = 0; i < code.kinds; i++) {
        unsigned length = code.lengths[code.sorted[i]];
        assert_in_range(length, 1, HUFFMAN_BITS_MAX);
        sum += 1u << (HUFFMAN_BITS_MAX - length);
        assert_true(i == 0 || length <= code.lengths[code.sorted[i - 1]]);
        assert_true(code.values[code.sorted[i]] < 1u << length);
    }
    assert_int_equal(sum, 1u << HUFFMAN_BITS_MAX);
}

static void test_powers_of_two_get_their_bits(void **state) {
    (void)state;
    build((const uint32_t[]){0, 8, 0, 4, 2, 1, 1}, 7);
    check_code();
    assert_int_equal(code.kinds, 5);
    assert_int_equal(code.last, 6);
    assert_int_equal(code.longest, 4);
    static const uint8_t lengths[] = {0, 1, 0, 2, 3, 4, 4};
    assert_memory_equal(code.lengths, lengths, 7);
}

/* RFC 8878 section 4.2.1: the example of its weights, from which these codes follow. */
static void test_codes_and_description_are_those_of_the_rfc(void **state) {
    (void)state;
    build((const uint32_t[]){8, 4, 2, 0, 1, 1}, 6);
    static const uint16_t values[] = {1, 1, 1, 0xffff, 0, 1};
    static const uint8_t lengths[] = {1, 2, 3, 0, 4, 4};
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(code.lengths[i], lengths[i]);
        assert_true(lengths[i] == 0 || code.values[i] == values[i]);
    }
    uint8_t description[HUFFMAN_DESCRIPTION_BYTES];
    static const uint8_t expected[] = {127 + 5, 0x43, 0x20, 0x10}; /* weights 4 3 2 0 1 */
    assert_int_equal(huffman_code_describe(&code, description), sizeof expected);
    assert_memory_equal(description, expected, sizeof expected);
}

/* Counts like Fibonacci's numbers give the deepest tree there is. */
static void test_deep_trees_are_cut_to_the_limit(void **state) {
    (void)state;
    uint32_t counts[40] = {1, 1};
    for (size_t i = 2; i < 40; i++) {
        counts[i] = counts[i - 1] + counts[i - 2];
    }
    build(counts, 40);
    check_code();
    assert_int_equal(code.longest, HUFFMAN_BITS_MAX);
    assert_int_equal(code.lengths[39], 1);
}

static void test_one_kind_and_none_have_no_code(void **state) {
    (void)state;
    build((const uint32_t[]){0, 0, 9}, 3);
    assert_int_equal(code.kinds, 1);
    assert_int_equal(code.last, 2);
    build((const uint32_t[]){0}, 1);
    assert_int_equal(code.kinds, 0);
}

static void test_any_counts_give_a_complete_code(void **state) {
    (void)state;
    struct random random = random_of(31, 0);
    uint32_t counts[HUFFMAN_SYMBOLS];
    for (int trial = 0; trial < 2000; trial++) {
        size_t kinds = 2 + (size_t)random_below(&random, HUFFMAN_SYMBOLS - 1);
        for (size_t i = 0; i < kinds; i++) {
            counts[i] = 1u << random_below(&random, 18);
        }
        build(counts, kinds);
        check_code();
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_powers_of_two_get_their_bits),
        cmocka_unit_test(test_codes_and_description_are_those_of_the_rfc),
        cmocka_unit_test(test_deep_trees_are_cut_to_the_limit),
        cmocka_unit_test(test_one_kind_and_none_have_no_code),
        cmocka_unit_test(test_any_counts_give_a_complete_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
