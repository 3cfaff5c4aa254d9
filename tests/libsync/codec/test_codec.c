#include "codec/codec.h"

#include "base/bytes.h"
#include "base/random.h"
#include "support/cmocka.h"

#include <string.h>

enum { BYTES = 1 << 17 };

static uint8_t raw[BYTES];
static uint8_t coded[BYTES + 1];
static uint8_t back[BYTES];
static struct codec_scratch *scratch;

static int set_up(void **state) {
    (void)state;
    scratch = codec_scratch_new(NULL, BYTES);
    return scratch == NULL;
}

static int tear_down(void **state) {
    (void)state;
    codec_scratch_free(scratch);
    return 0;
}

/* bf16 with the exponents of weights: a few neighbouring ones, the higher ones rarer by half. */
static void fill_weights(uint64_t seed) {
    struct random random = random_of(seed, 0);
    for (size_t i = 0; i < BYTES; i += 2) {
        uint32_t draw = random_u32(&random);
        unsigned exponent = 120u - (unsigned)__builtin_ctz(draw >> 8 | 1u << 20);
        store_le16(raw + i, (uint16_t)((draw & 1) << 15 | exponent << 7 | (draw >> 1 & 0x7f)));
    }
}

static size_t encode(enum codec wish, uint8_t width, bool floating, size_t bytes) {
    struct codec_input input = {wish, width, floating, raw, bytes};
    size_t made = 0;
    assert_int_equal(codec_encode(scratch, &input, coded, &made), SATSYNC_OK);
    assert_true(made <= codec_bound(bytes));
    return made;
}

static void check_decodes(size_t made, size_t bytes) {
    memset(back, 0xaa, sizeof back);
    assert_int_equal(codec_decode(scratch, coded, made, back, bytes), SATSYNC_OK);
    assert_memory_equal(back, raw, bytes);
}

static void test_every_wish_width_and_size_round_trips(void **state) {
    (void)state;
    static const uint8_t wishes[] = {CODEC_STORED, CODEC_HUFF, CODEC_ZSTD, CODEC_FAST, CODEC_AUTO};
    static const uint8_t widths[] = {1, 2, 4, 8, 3};
    static const size_t sizes[] = {0, 1, 7, 63, 64, 72, 1000, 16384, 16392, 65528, BYTES};
    fill_weights(1);
    for (size_t w = 0; w < sizeof wishes; w++) {
        for (size_t i = 0; i < sizeof widths; i++) {
            for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
                check_decodes(encode((enum codec)wishes[w], widths[i], true, sizes[s]), sizes[s]);
            }
        }
    }
}

static void test_weights_take_their_order_0_share(void **state) {
    (void)state;
    fill_weights(2);
    size_t made = encode(CODEC_AUTO, 2, true, BYTES);
    assert_int_equal(coded[0], CODEC_HUFF);
    /* Exponents of 2 bits and 8 bits stored: 62.5 %, and Huffman is exact for powers of two. */
    assert_in_range(made, BYTES * 620 / 1000, BYTES * 635 / 1000);
}

static void test_auto_takes_matches_for_text_and_stores_noise(void **state) {
    (void)state;
    struct random random = random_of(3, 0);
    for (size_t i = 0; i < BYTES; i++) {
        raw[i] = (uint8_t) "{\"layer\":17,\"state\":\"running\"}"[i % 30];
    }
    encode(CODEC_AUTO, 1, false, BYTES);
    assert_int_equal(coded[0], CODEC_ZSTD);
    random_bytes(&random, raw, BYTES);
    assert_int_equal(encode(CODEC_AUTO, 4, false, BYTES), BYTES + 1);
    assert_int_equal(coded[0], CODEC_STORED);
    assert_int_equal(encode(CODEC_HUFF, 4, true, BYTES), BYTES + 1);
    assert_int_equal(coded[0], CODEC_STORED);
    assert_int_equal(encode(CODEC_ZSTD, 4, true, BYTES), BYTES + 1);
    assert_int_equal(coded[0], CODEC_STORED);
    assert_int_equal(encode(CODEC_FAST, 4, true, BYTES), BYTES + 1);
    assert_int_equal(coded[0], CODEC_STORED);
}

static void test_fast_is_for_floats_of_two_and_four_bytes(void **state) {
    (void)state;
    fill_weights(5);
    assert_in_range(encode(CODEC_FAST, 2, true, BYTES), BYTES * 3 / 4, BYTES * 76 / 100);
    assert_int_equal(coded[0], CODEC_FAST);
    static const uint8_t widths[] = {1, 3, 8};
    for (size_t i = 0; i < sizeof widths; i++) {
        assert_int_equal(encode(CODEC_FAST, widths[i], true, BYTES), BYTES + 1);
    }
    assert_int_equal(encode(CODEC_FAST, 2, false, BYTES), BYTES + 1);
    assert_int_equal(encode(CODEC_FAST, 2, true, 4095), 4096);
}

/* A Huffman code alone spends a bit on each byte. */
static void test_sparse_planes_take_less_than_a_bit_a_byte(void **state) {
    (void)state;
    fill_weights(7);
    for (size_t i = 0; i < BYTES; i++) {
        raw[i] = i / 4 % 100 ? 0 : raw[i];
    }
    size_t made = encode(CODEC_HUFF, 4, true, BYTES);
    assert_int_equal(coded[0], CODEC_HUFF);
    assert_true(made < BYTES / 16);
    check_decodes(made, BYTES);
}

static void test_zeros_become_small(void **state) {
    (void)state;
    memset(raw, 0, sizeof raw);
    assert_true(encode(CODEC_AUTO, 4, true, BYTES) < 200);
    check_decodes(encode(CODEC_AUTO, 4, true, BYTES), BYTES);
}

static void test_wrong_sizes_are_corrupt(void **state) {
    (void)state;
    static const uint8_t wishes[] = {CODEC_STORED, CODEC_HUFF, CODEC_ZSTD, CODEC_FAST};
    memset(raw, 1, 1024);
    for (size_t w = 0; w < sizeof wishes; w++) {
        size_t made = encode((enum codec)wishes[w], 4, true, 1024);
        assert_int_equal(coded[0], wishes[w]);
        for (size_t cut = 0; cut < made; cut++) {
            assert_int_equal(codec_decode(scratch, coded, cut, back, 1024), SATSYNC_CORRUPT);
        }
        assert_int_equal(codec_decode(scratch, coded, made + 1, back, 1024), SATSYNC_CORRUPT);
        assert_int_equal(codec_decode(scratch, coded, made, back, 1020), SATSYNC_CORRUPT);
        assert_int_equal(codec_decode(scratch, coded, made, back, 1028), SATSYNC_CORRUPT);
        assert_int_equal(codec_decode(scratch, coded, made, back, 0), SATSYNC_CORRUPT);
    }
}

static void test_bad_plane_headers_are_corrupt(void **state) {
    (void)state;
    fill_weights(4);
    size_t made = encode(CODEC_HUFF, 2, true, 4096);
    assert_int_equal(coded[1], 0x82);
    static const uint8_t headers[] = {0x00, 0x80, 0x81, 0x83, 0x03, 0x10, 0xff, 0x84};
    for (size_t i = 0; i < sizeof headers; i++) {
        coded[1] = headers[i];
        assert_int_equal(codec_decode(scratch, coded, made, back, 4096), SATSYNC_CORRUPT);
    }
    coded[1] = 0x82;
    static const uint32_t sizes[] = {0, 1, 2049, 4096, 0x7fffffff, 0xffffffff};
    uint32_t right = load_le32(coded + 2);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        store_le32(coded + 2, sizes[i]);
        assert_int_equal(codec_decode(scratch, coded, made, back, 4096), SATSYNC_CORRUPT);
    }
    store_le32(coded + 2, right);
    check_decodes(made, 4096);
}

static void test_unknown_codec_is_newer(void **state) {
    (void)state;
    uint8_t unknown[2] = {9, 9};
    assert_int_equal(codec_decode(scratch, unknown, 2, back, 10), SATSYNC_NEWER_VERSION);
    assert_string_equal(codec_name(9), "unknown");
    assert_string_equal(codec_name(CODEC_HUFF), "huff");
}

static void test_damage_never_writes_past_the_chunk(void **state) {
    (void)state;
    struct random random = random_of(6, 0);
    fill_weights(6);
    size_t made = 0;
    for (int trial = 0; trial < 10000; trial++) {
        if (trial % 5000 == 0) {
            made = encode(trial == 0 ? CODEC_HUFF : CODEC_FAST, 2, true, 4096);
        }
        size_t at = (size_t)random_below(&random, made);
        uint8_t before = coded[at];
        coded[at] = (uint8_t)random_u32(&random);
        back[4096] = 0x5a;
        enum satsync_status status = codec_decode(scratch, coded, made, back, 4096);
        assert_true(status == SATSYNC_OK || status == SATSYNC_CORRUPT ||
                    status == SATSYNC_NEWER_VERSION);
        assert_int_equal(back[4096], 0x5a);
        coded[at] = before;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_wish_width_and_size_round_trips),
        cmocka_unit_test(test_weights_take_their_order_0_share),
        cmocka_unit_test(test_auto_takes_matches_for_text_and_stores_noise),
        cmocka_unit_test(test_fast_is_for_floats_of_two_and_four_bytes),
        cmocka_unit_test(test_sparse_planes_take_less_than_a_bit_a_byte),
        cmocka_unit_test(test_zeros_become_small),
        cmocka_unit_test(test_wrong_sizes_are_corrupt),
        cmocka_unit_test(test_bad_plane_headers_are_corrupt),
        cmocka_unit_test(test_unknown_codec_is_newer),
        cmocka_unit_test(test_damage_never_writes_past_the_chunk),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
