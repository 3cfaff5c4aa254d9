#include "codec/fast.h"

#include "base/bytes.h"
#include "base/random.h"
#include "support/cmocka.h"

#include <string.h>

enum { BYTES = 1 << 15, ROOM = BYTES + 4096, CANARY = 0x5a };

static uint8_t raw[BYTES];
static uint8_t coded[ROOM + 64];
static uint8_t first[ROOM];
static uint8_t back[BYTES + 64];
static const struct fast_steps *known[3];
static size_t ways;

static int set_up(void **state) {
    (void)state;
    ways = fast_steps_known(known);
    return ways == 0;
}

/* Of every `rare`-th element the exponent is anything; the others' are among eight. */
static void fill(uint64_t seed, size_t width, unsigned rare) {
    struct random random = random_of(seed, width);
    random_bytes(&random, raw, sizeof raw);
    for (size_t i = 0; i < BYTES; i += width) {
        uint32_t draw = random_u32(&random);
        unsigned exponent = random_below(&random, rare) ? 113u + (draw & 7) : draw >> 24;
        raw[i + width - 1] = (uint8_t)((draw >> 3 & 1) << 7 | exponent >> 1);
        raw[i + width - 2] = (uint8_t)((exponent & 1) << 7 | (raw[i + width - 2] & 0x7f));
    }
}

/* All ways make the same bytes, and each decodes them, writing nothing else. */
static size_t check(size_t bytes, uint8_t width, size_t room) {
    const struct fast_input input = {raw, bytes, width};
    size_t made = fast_encode(known[ways - 1], &input, first, room);
    for (size_t i = 0; i < ways; i++) {
        memset(coded, CANARY, sizeof coded);
        assert_int_equal(fast_encode(known[i], &input, coded, room), made);
        assert_int_equal(coded[room], CANARY);
        if (made) {
            assert_memory_equal(coded, first, made);
            memset(back, CANARY, sizeof back);
            assert_true(fast_decode(known[i], coded, made, back, bytes));
            assert_memory_equal(back, raw, bytes);
            assert_int_equal(back[bytes], CANARY);
        }
    }
    return made;
}

static void test_all_ways_give_the_same_bytes_for_every_size(void **state) {
    (void)state;
    for (uint8_t width = 2; width <= 4; width += 2) {
        fill(1, width, 40);
        for (size_t bytes = 0; bytes <= 1200; bytes += width) {
            check(bytes, width, ROOM);
        }
        assert_true(check(BYTES, width, ROOM) > 0);
        assert_true(check(BYTES - width, width, ROOM) > 0);
    }
}

static void test_weights_take_four_bits_an_exponent(void **state) {
    (void)state;
    fill(2, 2, 1000000);
    assert_in_range(check(BYTES, 2, ROOM), BYTES * 3 / 4, BYTES * 3 / 4 + 16);
    fill(2, 4, 1000000);
    assert_in_range(check(BYTES, 4, ROOM), BYTES * 7 / 8, BYTES * 7 / 8 + 16);
}

static void test_escapes_of_any_density_round_trip(void **state) {
    (void)state;
    for (uint8_t width = 2; width <= 4; width += 2) {
        for (unsigned rare = 1; rare < 64; rare *= 2) {
            fill(rare, width, rare);
            assert_true(check(BYTES, width, ROOM) > 0 || rare < 4);
        }
    }
}

/* To the byte: what fits exactly is coded, one byte less is refused. */
static void test_room_is_never_passed(void **state) {
    (void)state;
    for (uint8_t width = 2; width <= 4; width += 2) {
        fill(5, width, 10);
        size_t made = check(2048, width, ROOM);
        assert_int_equal(check(2048, width, made), made);
        for (size_t room = 6; room < made; room++) {
            assert_int_equal(check(2048, width, room), 0);
        }
    }
}

static void test_the_window_is_where_most_exponents_are(void **state) {
    (void)state;
    for (size_t i = 0; i < BYTES; i += 2) {
        unsigned exponent = i % 64 == 0 ? 3 : 241 + i / 2 % 15;
        store_le16(raw + i, (uint16_t)(exponent << 7));
    }
    assert_int_equal(fast_window(raw, BYTES, 2), 241);
    memset(raw, 0, BYTES);
    assert_int_equal(fast_window(raw, BYTES, 4), 0);
    memset(raw, 0xff, BYTES); /* NaN */
    assert_in_range(fast_window(raw, BYTES, 4), 241, 255);
    assert_int_equal(fast_window(raw, 0, 4), 0);
}

static void test_what_an_encoder_would_not_write_is_refused(void **state) {
    (void)state;
    fill(6, 2, 20);
    size_t made = check(1000, 2, ROOM);
    for (size_t i = 0; i < ways; i++) {
        memcpy(coded, first, made);
        for (size_t cut = 0; cut < made; cut++) {
            assert_false(fast_decode(known[i], coded, cut, back, 1000));
        }
        assert_false(fast_decode(known[i], coded, made + 1, back, 1000));
        assert_false(fast_decode(known[i], coded, made, back, 998));
        assert_false(fast_decode(known[i], coded, made, back, 1002));
        static const uint8_t widths[] = {0, 1, 3, 4, 8, 255};
        for (size_t k = 0; k < sizeof widths; k++) {
            coded[0] = widths[k];
            assert_false(fast_decode(known[i], coded, made, back, 1000));
        }
        memcpy(coded, first, made);
        for (size_t at = 6; at < 6 + 250; at++) { /* one escape more, or one less */
            uint8_t before = coded[at];
            bool escaped = (before & 15) == FAST_ESCAPE;
            coded[at] = (uint8_t)((before & 0xf0) | (escaped ? 0 : FAST_ESCAPE));
            assert_false(fast_decode(known[i], coded, made, back, 1000));
            coded[at] = before;
        }
    }
    /* An odd element's other half is empty. */
    made = check(998, 2, ROOM);
    memcpy(coded, first, made);
    coded[6 + 249] |= 0x10;
    assert_false(fast_decode(known[0], coded, made, back, 998));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_ways_give_the_same_bytes_for_every_size),
        cmocka_unit_test(test_weights_take_four_bits_an_exponent),
        cmocka_unit_test(test_escapes_of_any_density_round_trip),
        cmocka_unit_test(test_room_is_never_passed),
        cmocka_unit_test(test_the_window_is_where_most_exponents_are),
        cmocka_unit_test(test_what_an_encoder_would_not_write_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
