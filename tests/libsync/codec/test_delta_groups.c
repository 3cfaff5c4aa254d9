#include "codec/delta_groups.h"

#include "base/bytes.h"
#include "base/random.h"
#include "codec/delta.h"
#include "support/cmocka.h"

#include <stdlib.h>
#include <string.h>

enum { BYTES = 1 << 18, CANARY = 0x5a };

static uint8_t raw[BYTES];
static uint8_t base[BYTES];
static uint8_t grouped_base[BYTES + 1];
static uint8_t grouped_raw[BYTES + 1];
static uint8_t spare[BYTES + 2];
static uint8_t coded[BYTES + 4096];
static uint8_t out[BYTES + 1];
static const struct delta_groups_room room = {base, grouped_base, grouped_raw, spare};
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

/* bf16 weights of many magnitudes that all move by up to `step`, as after some training steps. */
static void fill_weights(uint64_t seed, float step) {
    struct random random = random_of(seed, 0);
    for (size_t i = 0; i < BYTES; i += 2) {
        float weight = 0;
        for (int k = 0; k < 4; k++) {
            weight += ((float)random_below(&random, 65536) - 32768) / 1048576;
        }
        float moved = weight + step * ((float)random_below(&random, 2001) - 1000) / 1000;
        uint32_t bits;
        memcpy(&bits, &weight, sizeof bits);
        store_le16(base + i, (uint16_t)((bits + 0x8000) >> 16));
        memcpy(&bits, &moved, sizeof bits);
        store_le16(raw + i, (uint16_t)((bits + 0x8000) >> 16));
    }
}

static size_t encode(uint8_t width, bool floating, size_t bytes) {
    const struct codec_input input = {CODEC_AUTO, width, floating, raw, bytes};
    size_t made;
    size_t bound = delta_groups_bound(bytes);
    assert_true(bound < sizeof coded);
    grouped_base[bytes] = grouped_raw[bytes] = spare[bytes + 1] = coded[bound] = CANARY;
    assert_int_equal(delta_groups_encode(scratch, &input, &room, coded, &made), SATSYNC_OK);
    assert_int_equal(grouped_base[bytes], CANARY);
    assert_int_equal(grouped_raw[bytes], CANARY);
    assert_int_equal(spare[bytes + 1], CANARY);
    assert_int_equal(coded[bound], CANARY);
    assert_true(made < bytes || made == 0);
    return made;
}

static enum satsync_status decode(const uint8_t *data, size_t made, size_t bytes) {
    const struct delta_groups_target target = {out, bytes};
    grouped_base[bytes] = spare[bytes + 1] = out[bytes] = CANARY;
    enum satsync_status status = delta_groups_decode(scratch, data, made, &room, &target);
    assert_int_equal(grouped_base[bytes], CANARY);
    assert_int_equal(spare[bytes + 1], CANARY);
    assert_int_equal(out[bytes], CANARY);
    return status;
}

static void expect_round_trip(uint8_t width, bool floating, size_t bytes) {
    size_t made = encode(width, floating, bytes);
    if (made > 0) {
        assert_int_equal(decode(coded, made, bytes), SATSYNC_OK);
        assert_memory_equal(out, raw, bytes);
    }
}

static void test_every_width_and_size_comes_back(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 8, 256, 8192, 8200, 65536, 100000, BYTES};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (uint8_t width = 1; width <= 8; width *= 2) {
            fill_weights(i + 1, 0.001F);
            expect_round_trip(width, true, sizes[i]);
            expect_round_trip(width, false, sizes[i]);
        }
    }
    expect_round_trip(2, true, 1001); /* not of whole elements: taken as bytes */
    expect_round_trip(3, true, 999);
}

static void test_what_has_nothing_in_common_is_no_smaller(void **state) {
    (void)state;
    struct random random = random_of(1, 0);
    random_bytes(&random, raw, BYTES);
    random_bytes(&random, base, BYTES);
    assert_int_equal(encode(2, true, BYTES), 0);
}

static void test_groups_are_smaller_than_one_difference(void **state) {
    (void)state;
    size_t plain;
    fill_weights(3, 0.0002F);
    size_t made = encode(2, true, BYTES);
    const struct codec_input input = {CODEC_AUTO, 2, true, raw, BYTES};
    memcpy(grouped_base, base, BYTES);
    const struct delta_room one = {grouped_base, spare};
    assert_int_equal(delta_encode(scratch, &input, &one, coded, &plain), SATSYNC_OK);
    print_message("%zu of %zu bytes\n", made, plain);
    assert_true(made > 0 && made * 10 < plain * 9);
}

static void test_groups_too_small_for_tables_share_one(void **state) {
    (void)state;
    fill_weights(4, 0.001F);
    size_t bytes = (size_t)2 * 4000;
    size_t made = encode(2, true, bytes);
    assert_true(made > 0);
    assert_int_equal(load_le32(coded + 2) + 6, made); /* one piece */
}

static void test_another_base_gives_other_bytes_or_is_refused(void **state) {
    (void)state;
    fill_weights(5, 0.001F);
    size_t made = encode(2, true, BYTES);
    assert_true(made > 0);
    base[1] ^= 0x40;
    assert_true(decode(coded, made, BYTES) != SATSYNC_OK || memcmp(out, raw, BYTES) != 0);
}

static void test_cut_lengthened_or_strange_input_is_refused(void **state) {
    (void)state;
    fill_weights(6, 0.001F);
    size_t bytes = 32768;
    size_t made = encode(2, true, bytes);
    assert_true(made > 0);
    for (size_t cut = 0; cut < made; cut += 1 + cut / 16) {
        uint8_t *part = malloc(cut + 1);
        assert_non_null(part);
        memcpy(part, coded, cut);
        assert_int_equal(decode(part, cut, bytes), SATSYNC_CORRUPT);
        free(part);
    }
    coded[made] = 0;
    assert_int_equal(decode(coded, made + 1, bytes), SATSYNC_CORRUPT);
    assert_int_equal(decode(coded, made, bytes - 1), SATSYNC_CORRUPT);
    static const uint8_t kinds[] = {0x80, 0x83, 0x85, 0x90, 3, 0};
    for (size_t i = 0; i < sizeof kinds; i++) {
        coded[1] = kinds[i];
        assert_int_equal(decode(coded, made, bytes), SATSYNC_CORRUPT);
    }
    coded[0] = CODEC_DELTA;
    assert_int_equal(decode(coded, made, bytes), SATSYNC_CORRUPT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_width_and_size_comes_back),
        cmocka_unit_test(test_what_has_nothing_in_common_is_no_smaller),
        cmocka_unit_test(test_groups_are_smaller_than_one_difference),
        cmocka_unit_test(test_groups_too_small_for_tables_share_one),
        cmocka_unit_test(test_another_base_gives_other_bytes_or_is_refused),
        cmocka_unit_test(test_cut_lengthened_or_strange_input_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
