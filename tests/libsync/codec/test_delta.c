#include "codec/delta.h"

#include "base/bytes.h"
#include "base/random.h"
#include "support/cmocka.h"

#include <string.h>

enum { BYTES = 1 << 16, CANARY = 0x5a };

static uint8_t raw[BYTES];
static uint8_t before[BYTES];
static uint8_t base[BYTES + 1];
static uint8_t spare[BYTES + 2];
static uint8_t coded[BYTES + 2];
static const struct delta_room room = {base, spare};
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

/* Random elements, of which every `rare`-th moves by less than `most`. */
static void fill(uint64_t seed, unsigned rare, unsigned most) {
    struct random random = random_of(seed, 0);
    random_bytes(&random, before, BYTES);
    memcpy(raw, before, BYTES);
    for (size_t i = 0; i < BYTES; i += 2) {
        if (random_below(&random, rare) == 0) {
            store_le16(raw + i, (uint16_t)(load_le16(raw + i) + random_below(&random, most)));
        }
    }
}

static size_t encode(uint8_t width, size_t bytes) {
    const struct codec_input input = {CODEC_AUTO, width, true, raw, bytes};
    size_t made;
    memcpy(base, before, bytes);
    base[bytes] = spare[bytes + 1] = coded[bytes + 1] = CANARY;
    assert_int_equal(delta_encode(scratch, &input, &room, coded, &made), SATSYNC_OK);
    assert_int_equal(base[bytes], CANARY);
    assert_int_equal(spare[bytes + 1], CANARY);
    assert_int_equal(coded[bytes + 1], CANARY);
    assert_true(made <= bytes);
    return made;
}

static enum satsync_status decode(size_t made, size_t bytes) {
    memcpy(base, before, bytes);
    base[bytes] = spare[bytes + 1] = CANARY;
    enum satsync_status status = delta_decode(scratch, coded, made, &room, bytes);
    assert_int_equal(base[bytes], CANARY);
    assert_int_equal(spare[bytes + 1], CANARY);
    return status;
}

static void test_changes_of_every_density_and_width_round_trip(void **state) {
    (void)state;
    static const size_t sizes[] = {256, 257, 264, 1000, 4096, BYTES};
    for (unsigned rare = 1; rare <= 4096; rare *= 2) {
        fill(rare, rare, 5);
        for (uint8_t width = 1; width <= 8; width++) {
            for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
                size_t made = encode(width, sizes[i]);
                if (made) {
                    assert_int_equal(decode(made, sizes[i]), SATSYNC_OK);
                    assert_memory_equal(base, raw, sizes[i]);
                }
            }
        }
    }
}

static void test_few_changes_take_a_byte_and_a_half_each(void **state) {
    (void)state;
    fill(2, 50, 5);
    assert_in_range(encode(2, BYTES), 400, BYTES / 2 / 50 * 3 / 2);
    assert_int_equal(coded[0], CODEC_DELTA);
    fill(3, 1000000000, 2);
    assert_in_range(encode(2, BYTES), 1, 200); /* nothing changed: 128 gaps of 255 */
}

static void test_what_differs_everywhere_is_no_delta(void **state) {
    (void)state;
    fill(4, 1, 65536);
    assert_int_equal(encode(2, BYTES), 0);
    assert_int_equal(encode(2, 254), 0); /* too short */
    assert_int_equal(encode(2, 0), 0);
}

static void test_cut_and_longer_deltas_are_corrupt(void **state) {
    (void)state;
    for (unsigned rare = 1; rare <= 20; rare += 19) { /* dense, then sparse */
        fill(5, rare, 5);
        size_t made = encode(2, 4096);
        assert_int_equal(coded[2], rare == 20);
        for (size_t cut = 0; cut < made; cut++) {
            assert_int_equal(decode(cut, 4096), SATSYNC_CORRUPT);
        }
        assert_int_equal(decode(made + 1, 4096), SATSYNC_CORRUPT);
        assert_int_equal(decode(made, 4095), SATSYNC_CORRUPT);
        assert_int_equal(decode(made, 254), SATSYNC_CORRUPT);
        static const uint8_t kinds[] = {0x00, 0x80, 0x03, 0x83, 0x7f};
        for (size_t i = 0; i < sizeof kinds; i++) {
            coded[1] = kinds[i];
            assert_int_equal(decode(made, 4096), SATSYNC_CORRUPT);
        }
        coded[1] = 0x82;
        coded[2] = 2;
        assert_int_equal(decode(made, 4096), SATSYNC_CORRUPT);
    }
}

static void test_damage_never_writes_outside(void **state) {
    (void)state;
    struct random random = random_of(6, 0);
    fill(6, 20, 5);
    size_t made = encode(2, 4096);
    for (int trial = 0; trial < 20000; trial++) {
        size_t at = (size_t)random_below(&random, made);
        uint8_t right = coded[at];
        coded[at] = (uint8_t)random_u32(&random);
        enum satsync_status status = decode(made, 4096);
        assert_true(status == SATSYNC_OK || status == SATSYNC_CORRUPT);
        coded[at] = right;
    }
}

static void test_a_delta_without_its_base_is_corrupt(void **state) {
    (void)state;
    fill(7, 20, 5);
    size_t made = encode(2, 4096);
    assert_int_equal(codec_decode(scratch, coded, made, base, 4096), SATSYNC_CORRUPT);
    assert_string_equal(codec_name(CODEC_DELTA), "delta");
    coded[0] = CODEC_HUFF;
    assert_int_equal(decode(made, 4096), SATSYNC_CORRUPT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes_of_every_density_and_width_round_trip),
        cmocka_unit_test(test_few_changes_take_a_byte_and_a_half_each),
        cmocka_unit_test(test_what_differs_everywhere_is_no_delta),
        cmocka_unit_test(test_cut_and_longer_deltas_are_corrupt),
        cmocka_unit_test(test_damage_never_writes_outside),
        cmocka_unit_test(test_a_delta_without_its_base_is_corrupt),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
