#include "engine/wire.h"

#include "support/cmocka.h"

#include <stdlib.h>
#include <string.h>

/* Decodes a copy on the heap of exactly `bytes`, so that a sanitizer sees a read past its end. */
static enum satsync_status decode(const uint8_t *data, size_t bytes, struct wire_message *message) {
    static uint8_t *copy;
    free(copy);
    copy = malloc(bytes ? bytes : 1);
    assert_non_null(copy);
    memcpy(copy, data, bytes);
    return wire_decode(copy, bytes, message, NULL);
}

static const uint8_t manifest[] = "a signed manifest";
static const struct wire_range ranges[] = {{0, 0, 1}, {0, 4096, UINT64_C(1) << 40}, {65535, 7, 9}};

static size_t encode_offer(uint8_t *out, size_t room) {
    const struct wire_message offer = {.kind = WIRE_OFFER,
                                       .step = UINT64_C(0x0123456789abcdef),
                                       .plan_only = 1,
                                       .manifest = manifest,
                                       .manifest_bytes = sizeof manifest};
    size_t bytes = wire_encode(&offer, out, room);
    assert_int_equal(bytes, wire_encoded_bytes(&offer));
    return bytes;
}

static size_t encode_want(uint8_t *out, size_t room) {
    const struct wire_message want = {
        .kind = WIRE_WANT, .present_bytes = UINT64_C(1) << 50, .range_count = 3};
    size_t bytes = wire_encode(&want, out, room);
    for (size_t i = 0; i < 3; i++) {
        size_t put = wire_put_range(&ranges[i], out + bytes, room - bytes);
        assert_int_equal(put, WIRE_RANGE_BYTES);
        bytes += put;
    }
    assert_int_equal(bytes, wire_encoded_bytes(&want));
    return bytes;
}

static size_t encode_result_of(enum satsync_status status, const char *text, uint8_t *out,
                               size_t room) {
    struct wire_message result = {.kind = WIRE_RESULT, .status = status};
    strcpy(result.text, text);
    size_t bytes = wire_encode(&result, out, room);
    assert_int_equal(bytes, wire_encoded_bytes(&result));
    return bytes;
}

static size_t encode_result(uint8_t *out, size_t room) {
    return encode_result_of(SATSYNC_NO_SPACE, "the disk is full", out, room);
}

static size_t encode_ask(uint8_t *out, size_t room) {
    const struct wire_message ask = {.kind = WIRE_ASK, .step = UINT64_MAX};
    size_t bytes = wire_encode(&ask, out, room);
    assert_int_equal(bytes, wire_encoded_bytes(&ask));
    return bytes;
}

static size_t (*const encoders[])(uint8_t *out, size_t room) = {encode_offer, encode_want,
                                                                encode_result, encode_ask};
enum { ENCODERS = sizeof encoders / sizeof *encoders };

static void test_every_field_comes_back(void **state) {
    (void)state;
    uint8_t data[512];
    struct wire_message message;
    size_t bytes = encode_offer(data, sizeof data);
    assert_int_equal(decode(data, bytes, &message), SATSYNC_OK);
    assert_int_equal(message.kind, WIRE_OFFER);
    assert_int_equal(message.step, UINT64_C(0x0123456789abcdef));
    assert_int_equal(message.plan_only, 1);
    assert_int_equal(message.manifest_bytes, sizeof manifest);
    assert_memory_equal(message.manifest, manifest, sizeof manifest);

    bytes = encode_want(data, sizeof data);
    assert_int_equal(decode(data, bytes, &message), SATSYNC_OK);
    assert_int_equal(message.kind, WIRE_WANT);
    assert_int_equal(message.present_bytes, UINT64_C(1) << 50);
    assert_int_equal(message.range_count, 3);
    for (size_t i = 0; i < 3; i++) {
        struct wire_range range;
        assert_int_equal(wire_next_range(&message, &range), SATSYNC_OK);
        assert_int_equal(range.file, ranges[i].file);
        assert_int_equal(range.offset, ranges[i].offset);
        assert_int_equal(range.bytes, ranges[i].bytes);
    }

    bytes = encode_result(data, sizeof data);
    assert_int_equal(decode(data, bytes, &message), SATSYNC_OK);
    assert_int_equal(message.kind, WIRE_RESULT);
    assert_int_equal(message.status, SATSYNC_NO_SPACE);
    assert_string_equal(message.text, "the disk is full");

    bytes = encode_ask(data, sizeof data);
    assert_int_equal(decode(data, bytes, &message), SATSYNC_OK);
    assert_int_equal(message.kind, WIRE_ASK);
    assert_int_equal(message.step, UINT64_MAX);
}

static void test_bytes_on_the_wire_are_fixed(void **state) {
    (void)state;
    static const uint8_t expected[] = {4, 1, 0x02, 0x01, 0, 0, 0, 0, 0, 0};
    const struct wire_message ask = {.kind = WIRE_ASK, .step = 258};
    uint8_t data[64];
    assert_int_equal(wire_encode(&ask, data, sizeof data), sizeof expected);
    assert_memory_equal(data, expected, sizeof expected);
}

static void test_message_cut_anywhere_is_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < ENCODERS; i++) {
        uint8_t data[512];
        size_t bytes = encoders[i](data, sizeof data);
        for (size_t cut = 0; cut < bytes; cut++) {
            struct wire_message message;
            assert_int_equal(decode(data, cut, &message), SATSYNC_PROTOCOL);
        }
    }
}

static void test_byte_after_a_message_is_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < ENCODERS; i++) {
        uint8_t data[512] = {0};
        size_t bytes = encoders[i](data, sizeof data - 1);
        struct wire_message message;
        assert_int_equal(decode(data, bytes + 1, &message), SATSYNC_PROTOCOL);
    }
}

static void test_encoder_writes_all_or_says_zero(void **state) {
    (void)state;
    for (size_t i = 0; i < ENCODERS; i++) {
        uint8_t data[512];
        size_t bytes = encoders[i](data, sizeof data);
        struct wire_message message;
        assert_int_equal(decode(data, bytes, &message), SATSYNC_OK);
        size_t head =
            message.kind == WIRE_WANT ? bytes - sizeof ranges / sizeof *ranges * 20 : bytes;
        for (size_t room = 0; room < head; room++) {
            uint8_t *small = malloc(room ? room : 1);
            assert_non_null(small);
            assert_int_equal(wire_encode(&message, small, room), 0);
            free(small);
        }
    }
    uint8_t data[WIRE_RANGE_BYTES];
    assert_int_equal(wire_put_range(&ranges[0], data, sizeof data - 1), 0);
}

static void test_newer_version_is_told_apart_from_nonsense(void **state) {
    (void)state;
    struct satsync_error error;
    struct wire_message message;
    for (size_t i = 0; i < ENCODERS; i++) {
        uint8_t data[512];
        size_t bytes = encoders[i](data, sizeof data);
        data[1] = WIRE_VERSION + 1;
        assert_int_equal(wire_decode(data, bytes, &message, &error), SATSYNC_NEWER_VERSION);
        assert_non_null(strstr(error.message, "upgrade"));
        data[1] = 0;
        assert_int_equal(wire_decode(data, bytes, &message, &error), SATSYNC_PROTOCOL);
    }
    /* A kind that only a newer version has. */
    static const uint8_t later[] = {77, WIRE_VERSION + 1, 1, 2, 3};
    assert_int_equal(decode(later, sizeof later, &message), SATSYNC_NEWER_VERSION);
    static const uint8_t unknown[] = {5, WIRE_VERSION, 0, 0, 0, 0, 0, 0, 0, 0};
    assert_int_equal(decode(unknown, sizeof unknown, &message), SATSYNC_PROTOCOL);
}

static void test_plan_only_is_yes_or_no(void **state) {
    (void)state;
    uint8_t data[512];
    struct wire_message message;
    size_t bytes = encode_offer(data, sizeof data);
    assert_int_equal(data[10], 1);
    data[10] = 2;
    assert_int_equal(decode(data, bytes, &message), SATSYNC_PROTOCOL);
}

static enum satsync_status decode_want_of(uint32_t count) {
    const struct wire_message want = {.kind = WIRE_WANT, .range_count = count};
    size_t bytes = wire_encoded_bytes(&want);
    uint8_t *data = calloc(1, bytes);
    assert_non_null(data);
    assert_true(wire_encode(&want, data, bytes) > 0);
    struct wire_message message;
    enum satsync_status status = wire_decode(data, bytes, &message, NULL);
    free(data);
    return status;
}

static void test_ranges_end_at_their_limit(void **state) {
    (void)state;
    assert_int_equal(decode_want_of(0), SATSYNC_OK);
    assert_int_equal(decode_want_of(WIRE_RANGES_LIMIT), SATSYNC_OK);
    assert_int_equal(decode_want_of(WIRE_RANGES_LIMIT + 1), SATSYNC_PROTOCOL);
    /* More than the message holds. */
    uint8_t data[14] = {WIRE_WANT, WIRE_VERSION};
    struct wire_message message;
    memset(data + 10, 0xff, 4);
    assert_int_equal(decode(data, sizeof data, &message), SATSYNC_PROTOCOL);
}

static void test_empty_or_endless_range_is_refused(void **state) {
    (void)state;
    static const struct wire_range bad[] = {
        {0, 0, 0}, {0, UINT64_MAX, 1}, {0, 1, UINT64_MAX}, {0, UINT64_MAX - 4, 5}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint8_t data[64];
        const struct wire_message want = {.kind = WIRE_WANT, .range_count = 1};
        size_t bytes = wire_encode(&want, data, sizeof data);
        bytes += wire_put_range(&bad[i], data + bytes, sizeof data - bytes);
        struct wire_message message;
        struct wire_range range;
        assert_int_equal(decode(data, bytes, &message), SATSYNC_OK);
        assert_int_equal(wire_next_range(&message, &range), SATSYNC_PROTOCOL);
    }
}

static void test_range_after_the_last_is_refused(void **state) {
    (void)state;
    uint8_t data[512];
    struct wire_message message;
    struct wire_range range;
    size_t bytes = encode_want(data, sizeof data);
    assert_int_equal(decode(data, bytes, &message), SATSYNC_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(wire_next_range(&message, &range), SATSYNC_OK);
    }
    assert_int_equal(wire_next_range(&message, &range), SATSYNC_PROTOCOL);
}

static void test_text_ends_at_its_limit(void **state) {
    (void)state;
    uint8_t data[6 + WIRE_TEXT_LIMIT + 1] = {WIRE_RESULT, WIRE_VERSION};
    memset(data + 6, 'x', sizeof data - 6);
    struct wire_message message;
    store_le16(data + 4, WIRE_TEXT_LIMIT);
    assert_int_equal(decode(data, sizeof data - 1, &message), SATSYNC_OK);
    assert_int_equal(strlen(message.text), WIRE_TEXT_LIMIT);
    store_le16(data + 4, WIRE_TEXT_LIMIT + 1);
    assert_int_equal(decode(data, sizeof data, &message), SATSYNC_PROTOCOL);
}

static void test_text_cannot_command_a_terminal(void **state) {
    (void)state;
    static const struct {
        const char *sent;
        const char *shown;
    } cases[] = {{"plain", "plain"},
                 {"\033[2Jgone", "?[2Jgone"},
                 {"a\nb\rc\td\177", "a?b?c?d?"},
                 {"caf\xc3\xa9 \xe2\x82\xac", "caf\xc3\xa9 \xe2\x82\xac"},
                 {"\xc2\x9b"
                  "2J",
                  "??2J"},
                 {"\xc2\xa0", "\xc2\xa0"},
                 {"\x9b"
                  "2J",
                  "?2J"},
                 {"cut \xe2\x82", "cut ??"},
                 {"\xc2", "?"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t data[512];
        struct wire_message message;
        size_t bytes = encode_result_of(SATSYNC_OK, cases[i].sent, data, sizeof data);
        assert_int_equal(decode(data, bytes, &message), SATSYNC_OK);
        assert_string_equal(message.text, cases[i].shown);
    }
    static const uint8_t zero_inside[] = {WIRE_RESULT, WIRE_VERSION, 0, 0, 3, 0, 'a', 0, 'b'};
    struct wire_message message;
    assert_int_equal(decode(zero_inside, sizeof zero_inside, &message), SATSYNC_OK);
    assert_string_equal(message.text, "a?b");
}

static void test_result_of_a_later_release_is_a_failure_of_the_peer(void **state) {
    (void)state;
    static const unsigned unknown[] = {2, 31, 38, 200, 65535};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        uint8_t data[64];
        struct wire_message message;
        size_t bytes =
            encode_result_of((enum satsync_status)unknown[i], "what?", data, sizeof data);
        assert_int_equal(decode(data, bytes, &message), SATSYNC_OK);
        assert_int_equal(message.status, SATSYNC_PEER_FAILED);
        assert_string_equal(message.text, "what?");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_field_comes_back),
        cmocka_unit_test(test_bytes_on_the_wire_are_fixed),
        cmocka_unit_test(test_message_cut_anywhere_is_refused),
        cmocka_unit_test(test_byte_after_a_message_is_refused),
        cmocka_unit_test(test_encoder_writes_all_or_says_zero),
        cmocka_unit_test(test_newer_version_is_told_apart_from_nonsense),
        cmocka_unit_test(test_plan_only_is_yes_or_no),
        cmocka_unit_test(test_ranges_end_at_their_limit),
        cmocka_unit_test(test_empty_or_endless_range_is_refused),
        cmocka_unit_test(test_range_after_the_last_is_refused),
        cmocka_unit_test(test_text_ends_at_its_limit),
        cmocka_unit_test(test_text_cannot_command_a_terminal),
        cmocka_unit_test(test_result_of_a_later_release_is_a_failure_of_the_peer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
