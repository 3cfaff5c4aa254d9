#include "collective/letter.h"
#include "support/cmocka.h"

#include <string.h>

static const struct letter example = {.kind = COLLECTIVE_ALL_REDUCE,
                                      .dtype = COLLECTIVE_BF16,
                                      .root = 3,
                                      .ranks = 5,
                                      .sequence = 77,
                                      .count = UINT64_C(1) << 40,
                                      .chunk_bytes = 4096,
                                      .payload = (const uint8_t *)"payload",
                                      .payload_bytes = 7};

static void test_what_is_written_is_read(void **state) {
    (void)state;
    uint8_t bytes[LETTER_BYTES];
    struct letter letter;
    size_t size = letter_write(&example, bytes);
    assert_int_equal(size, LETTER_HEAD_BYTES + 7);
    assert_true(letter_read(&letter, bytes, size));
    assert_int_equal(letter.kind, example.kind);
    assert_int_equal(letter.dtype, example.dtype);
    assert_int_equal(letter.root, example.root);
    assert_int_equal(letter.ranks, example.ranks);
    assert_int_equal(letter.sequence, example.sequence);
    assert_int_equal(letter.count, example.count);
    assert_int_equal(letter.chunk_bytes, example.chunk_bytes);
    assert_int_equal(letter.payload_bytes, 7);
    assert_memory_equal(letter.payload, "payload", 7);
}

static void test_what_is_no_letter_is_refused(void **state) {
    (void)state;
    static const struct {
        size_t at;
        uint8_t value;
    } changes[] = {{0, 'X'}, {3, 0}, {4, COLLECTIVE_KINDS}, {4, 254}, {5, COLLECTIVE_DTYPES},
                   {28, 1}};
    uint8_t bytes[LETTER_BYTES + 1] = {0};
    struct letter letter;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        size_t size = letter_write(&example, bytes);
        bytes[changes[i].at] = changes[i].value;
        assert_false(letter_read(&letter, bytes, size));
    }
    for (size_t size = 0; size < LETTER_HEAD_BYTES; size++) {
        letter_write(&example, bytes);
        assert_false(letter_read(&letter, bytes, size));
    }
    assert_true(letter_read(&letter, bytes, LETTER_BYTES));
    assert_false(letter_read(&letter, bytes, LETTER_BYTES + 1));
}

static void test_a_roll_call_is_a_letter(void **state) {
    (void)state;
    uint8_t bytes[LETTER_BYTES];
    const struct letter roll = {.kind = LETTER_ROLL_CALL, .count = SATSYNC_TIMED_OUT};
    struct letter letter;
    assert_true(letter_read(&letter, bytes, letter_write(&roll, bytes)));
    assert_int_equal(letter.kind, LETTER_ROLL_CALL);
    assert_int_equal(letter.count, SATSYNC_TIMED_OUT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_written_is_read),
        cmocka_unit_test(test_what_is_no_letter_is_refused),
        cmocka_unit_test(test_a_roll_call_is_a_letter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
