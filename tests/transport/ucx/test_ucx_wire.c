#include "transport/ucx/ucx_wire.h"

#include "port/link.h"
#include "support/cmocka.h"

#include <string.h>

static const struct ucx_wire_name name = {.link = 7, .token = 0x1122334455667788};

static void test_hello_survives_and_nothing_else_is_one(void **state) {
    (void)state;
    const struct ucx_wire_hello hello = {
        .to = name, .from = {.link = 1, .token = 2}, .job = 3, .from_rank = 4, .to_rank = 5};
    struct ucx_wire_hello read;
    uint8_t bytes[UCX_WIRE_BYTES + 1] = {0};
    size_t size = ucx_wire_put_hello(&hello, bytes);
    assert_true(ucx_wire_get_hello(&read, bytes, size));
    assert_true(read.to.link == 7 && read.to.token == name.token && read.from.link == 1 &&
                read.from.token == 2 && read.job == 3 && read.from_rank == 4 && read.to_rank == 5);
    assert_false(ucx_wire_get_hello(&read, bytes, size - 1));
    assert_false(ucx_wire_get_hello(&read, bytes, size + 1));
    bytes[24] ^= 1; /* the magic */
    assert_false(ucx_wire_get_hello(&read, bytes, size));
}

static void test_data_lies_within_its_message(void **state) {
    (void)state;
    static const struct {
        uint64_t message_bytes;
        uint64_t offset;
        size_t piece;
        bool is_fine;
    } rows[] = {{10, 0, 10, true},
                {10, 9, 1, true},
                {10, 0, 0, false},
                {10, 10, 1, false},
                {10, 1, 10, false},
                {10, UINT64_MAX, 2, false},
                {UINT64_C(1) << 62, 0, 1, false},
                {UINT64_C(1) << 40, 5, UCX_WIRE_PIECE_BYTES, true},
                {UINT64_C(1) << 40, 5, UCX_WIRE_PIECE_BYTES + 1, false}};
    uint8_t bytes[UCX_WIRE_BYTES];
    struct ucx_wire_data read;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct ucx_wire_data data = {.to = name,
                                           .class = 1,
                                           .message = 9,
                                           .message_bytes = rows[i].message_bytes,
                                           .offset = rows[i].offset};
        size_t size = ucx_wire_put_data(&data, bytes);
        assert_int_equal(ucx_wire_get_data(&read, bytes, size, rows[i].piece), rows[i].is_fine);
        assert_false(ucx_wire_get_data(&read, bytes, size - 1, rows[i].piece));
    }
    const struct ucx_wire_data wrong = {.class = 3, .message_bytes = 1};
    assert_false(ucx_wire_get_data(&read, bytes, ucx_wire_put_data(&wrong, bytes), 1));
}

static void test_acks_and_byes_survive(void **state) {
    (void)state;
    uint8_t bytes[UCX_WIRE_BYTES];
    const struct ucx_wire_acks acks = {.to = name, .count = 3, .messages = {1, 2, 1ull << 60}};
    struct ucx_wire_acks read;
    size_t size = ucx_wire_put_acks(&acks, bytes);
    assert_true(ucx_wire_get_acks(&read, bytes, size));
    assert_int_equal(read.count, 3);
    assert_true(read.messages[2] == 1ull << 60 && read.to.token == name.token);
    assert_false(ucx_wire_get_acks(&read, bytes, size - 1));
    assert_false(ucx_wire_get_acks(&read, bytes, 12));
    assert_false(ucx_wire_get_acks(&read, bytes, 12 + 8 * (UCX_WIRE_ACKS_MOST + 1)));
    const struct ucx_wire_bye bye = {.to = name, .status = 65, .urgent = 3};
    struct ucx_wire_bye read_bye;
    size = ucx_wire_put_bye(&bye, bytes);
    assert_true(ucx_wire_get_bye(&read_bye, bytes, size));
    assert_int_equal(read_bye.status, 65);
    assert_int_equal(read_bye.urgent, 3);
    assert_false(ucx_wire_get_bye(&read_bye, bytes, size + 1));
}

static void test_an_urgent_word_has_a_limit(void **state) {
    (void)state;
    uint8_t bytes[UCX_WIRE_BYTES + 1] = {0};
    const uint8_t word[LINK_URGENT_BYTES] = {1, 2, 3};
    const struct ucx_wire_urgent urgent = {.to = name, .word = word, .bytes = sizeof word};
    struct ucx_wire_urgent read;
    size_t size = ucx_wire_put_urgent(&urgent, bytes);
    assert_true(ucx_wire_get_urgent(&read, bytes, size));
    assert_true(read.to.token == name.token && read.bytes == sizeof word);
    assert_memory_equal(read.word, word, sizeof word);
    assert_true(ucx_wire_get_urgent(&read, bytes, 12));
    assert_false(ucx_wire_get_urgent(&read, bytes, 11));
    assert_false(ucx_wire_get_urgent(&read, bytes, size + 1));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hello_survives_and_nothing_else_is_one),
        cmocka_unit_test(test_data_lies_within_its_message),
        cmocka_unit_test(test_acks_and_byes_survive),
        cmocka_unit_test(test_an_urgent_word_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
