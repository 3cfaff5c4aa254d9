#include "codec/huffman.h"

#include "base/random.h"
#include "codec/entropy.h"
#include "support/cmocka.h"

#include <string.h>

enum { BYTES = 3 * HUFFMAN_BLOCK_BYTES, ROOM = BYTES * 3 / 2 + 1024 };

static uint8_t raw[BYTES];
static uint8_t coded[ROOM + 1];
static uint8_t back[BYTES];
static struct huffman huffman;
static struct entropy *entropy;

static int set_up(void **state) {
    (void)state;
    entropy = entropy_new(NULL);
    return entropy == NULL;
}

static int tear_down(void **state) {
    (void)state;
    entropy_free(entropy);
    return 0;
}

static void fill_exponents(uint64_t seed, unsigned top) {
    struct random random = random_of(seed, 0);
    for (size_t i = 0; i < BYTES; i++) {
        raw[i] = (uint8_t)(top - (unsigned)__builtin_ctz(random_u32(&random) | 1u << 30));
    }
}

/* zstd, which did not write it, decodes it. */
static size_t check(size_t bytes) {
    size_t made = huffman_encode(&huffman, raw, bytes, coded, ROOM);
    assert_true(made > 0);
    memset(back, 0xaa, bytes);
    assert_true(entropy_decode(entropy, coded, made, back, bytes));
    assert_memory_equal(back, raw, bytes);
    return made;
}

static void test_zstd_decodes_every_size(void **state) {
    (void)state;
    static const size_t sizes[] = {HUFFMAN_BLOCK_BYTES - 1,
                                   HUFFMAN_BLOCK_BYTES,
                                   HUFFMAN_BLOCK_BYTES + 1,
                                   HUFFMAN_BLOCK_BYTES + 255,
                                   HUFFMAN_BLOCK_BYTES + 256,
                                   2 * HUFFMAN_BLOCK_BYTES + 301,
                                   BYTES};
    fill_exponents(1, 120);
    for (size_t bytes = 1; bytes < 1200; bytes++) {
        check(bytes);
    }
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        check(sizes[i]);
    }
}

static void test_exponents_take_their_order_0_share(void **state) {
    (void)state;
    fill_exponents(2, HUFFMAN_SYMBOLS - 1);
    assert_in_range(check(BYTES), BYTES / 4, BYTES / 4 + 3 * 128); /* 2 bits of 8 */
}

/* Each block has its own code: one that holds a single symbol, one that nothing makes smaller. */
static void test_blocks_differ(void **state) {
    (void)state;
    fill_exponents(3, 100);
    memset(raw, 7, HUFFMAN_BLOCK_BYTES);
    struct random random = random_of(3, 1);
    for (size_t i = HUFFMAN_BLOCK_BYTES; i < 2 * HUFFMAN_BLOCK_BYTES; i++) {
        raw[i] = (uint8_t)random_below(&random, HUFFMAN_SYMBOLS);
    }
    check(BYTES);
    memset(raw, 0, BYTES);
    assert_true(check(BYTES) < 64);
}

static void test_a_code_of_the_longest_lengths_round_trips(void **state) {
    (void)state;
    struct random random = random_of(4, 0);
    for (size_t i = 0; i < BYTES; i++) {
        uint32_t draw = random_u32(&random);
        raw[i] = draw & 0xfff ? (uint8_t)(draw >> 31) : (uint8_t)(draw >> 12 & 127);
    }
    check(BYTES);
}

static void test_a_higher_symbol_is_refused_anywhere(void **state) {
    (void)state;
    fill_exponents(5, 100);
    static const size_t places[] = {0, 7, 8, 4999, HUFFMAN_BLOCK_BYTES + 3, BYTES - 1};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        uint8_t before = raw[places[i]];
        static const uint8_t high[] = {129, 192, 255};
        for (size_t k = 0; k < 3; k++) {
            raw[places[i]] = high[k];
            assert_int_equal(huffman_encode(&huffman, raw, BYTES, coded, ROOM), 0);
        }
        raw[places[i]] = 128;
        check(BYTES);
        raw[places[i]] = before;
    }
    fill_exponents(6, 100);
    raw[4098] = 200; /* in what does not fill a word */
    assert_int_equal(huffman_encode(&huffman, raw, 4099, coded, ROOM), 0);
}

static void test_too_little_room_gives_nothing_and_stays_inside(void **state) {
    (void)state;
    fill_exponents(7, 100);
    size_t least = check(5000);
    for (size_t room = 0; room < 9000; room++) {
        coded[room] = 0x5a;
        size_t made = huffman_encode(&huffman, raw, 5000, coded, room);
        assert_int_equal(coded[room], 0x5a);
        assert_true(made == 0 || made == least);
        assert_true(made == 0 || made <= room);
    }
    assert_int_equal(huffman_encode(&huffman, raw, 0, coded, ROOM), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zstd_decodes_every_size),
        cmocka_unit_test(test_exponents_take_their_order_0_share),
        cmocka_unit_test(test_blocks_differ),
        cmocka_unit_test(test_a_code_of_the_longest_lengths_round_trips),
        cmocka_unit_test(test_a_higher_symbol_is_refused_anywhere),
        cmocka_unit_test(test_too_little_room_gives_nothing_and_stays_inside),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
