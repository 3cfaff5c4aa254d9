#include "transport/wan/handshake_wire.h"

#include "support/cmocka.h"
#include "support/handshakes.h"

#include <string.h>

static void test_peek_tells_kind_session_and_sender(void **state) {
    (void)state;
    const struct {
        uint8_t first;
        bool by_initiator;
        size_t session_at;
    } cases[] = {{0x00, true, 1},
                 {0x3F, true, 1},
                 {0x40, false, 1},
                 {0x7F, false, 1},
                 {DATAGRAM_HELLO, true, 2},
                 {DATAGRAM_WELCOME, false, 2},
                 {DATAGRAM_COOKIE, false, 2},
                 {DATAGRAM_REFUSED, false, 2},
                 {DATAGRAM_VERSION, false, 2},
                 {DATAGRAM_RESET_BY_INITIATOR, true, 2},
                 {DATAGRAM_RESET_BY_RESPONDER, false, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t datagram[10] = {0};
        struct datagram_peek peek;
        datagram[0] = cases[i].first;
        store_le64(datagram + cases[i].session_at,
                   0x8899AABBCCDDEEFF >> (8 * (2 - cases[i].session_at)));
        size_t bytes = cases[i].session_at + 8;
        assert_true(datagram_peek(datagram, bytes, &peek));
        assert_int_equal(peek.by_initiator, cases[i].by_initiator);
        assert_int_equal(peek.kind, cases[i].first < 0x80 ? DATAGRAM_DATA : cases[i].first);
        assert_int_equal(peek.session, load_le64(datagram + cases[i].session_at));
        for (size_t cut = 0; cut < bytes; cut++) {
            assert_false(datagram_peek(datagram, cut, &peek));
        }
    }
}

static void test_peek_refuses_unknown_kinds(void **state) {
    (void)state;
    for (int first = 0x80; first < 256; first++) {
        uint8_t datagram[100] = {(uint8_t)first};
        struct datagram_peek peek;
        bool known = first >= DATAGRAM_HELLO && first <= DATAGRAM_RESET_BY_RESPONDER;
        assert_int_equal(datagram_peek(datagram, sizeof datagram, &peek), known);
    }
}

/* A session between site 1 (initiator) and site 2. */
static void shake(struct handshake_site sites[2], struct handshake_secrets secrets[2]) {
    struct handshake handshake;
    struct handshake_answer answer;
    struct satsync_error error;
    struct handshake_peer peer = handshakes_peer(1);
    sites[1] = handshakes_site(2);
    handshakes_begin(&handshake, &sites[0], 1, 2);
    struct handshake_responder responder = handshakes_responder(&sites[1], &peer, 1);
    struct handshake_arrival arrival = handshakes_arrival(handshake.hello, sizeof handshake.hello);
    handshake_answer(&responder, &arrival, &answer);
    assert_true(answer.accepted);
    assert_true(handshake_is_repeated(answer.ephemeral, handshake.hello, sizeof handshake.hello));
    handshake.hello[30] ^= 1;
    assert_false(handshake_is_repeated(answer.ephemeral, handshake.hello, sizeof handshake.hello));
    assert_false(handshake_is_repeated(answer.ephemeral, handshake.hello, 30));
    assert_int_equal(handshake_recv(&handshake, answer.datagram, answer.bytes, &secrets[0], &error),
                     HANDSHAKE_DONE);
    secrets[1] = answer.secrets;
}

static void test_reset_by_a_restarted_site_is_believed_and_no_other(void **state) {
    (void)state;
    struct handshake_site sites[2];
    struct handshake_secrets secrets[2];
    shake(sites, secrets);
    for (int loser = 0; loser < 2; loser++) {
        /* The site starts anew from its seed and sees a packet of the session it lost. */
        struct handshake_site again = handshakes_site((uint8_t)(loser + 1));
        struct datagram_peek peek = {
            .kind = DATAGRAM_DATA, .session = secrets[0].session, .by_initiator = loser == 1};
        uint8_t reset[HANDSHAKE_REPLY_BYTES];
        size_t bytes = handshake_reset(&again, &peek, 100, reset);
        assert_int_equal(bytes, 26);
        assert_true(handshake_is_reset(&secrets[!loser], reset, bytes));
        assert_false(handshake_is_reset(&secrets[loser], reset, bytes));
        assert_false(handshake_is_reset(&secrets[!loser], reset, bytes - 1));
        for (size_t bit = 0; bit < bytes * 8; bit++) {
            reset[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_false(handshake_is_reset(&secrets[!loser], reset, bytes));
            reset[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        struct handshake_site stranger = handshakes_site(9);
        bytes = handshake_reset(&stranger, &peek, 100, reset);
        assert_false(handshake_is_reset(&secrets[!loser], reset, bytes));
    }
}

static void test_reset_is_shorter_than_what_caused_it_and_causes_none(void **state) {
    (void)state;
    struct handshake_site site = handshakes_site(1);
    struct datagram_peek peek = {.kind = DATAGRAM_DATA, .session = 5};
    uint8_t reset[HANDSHAKE_REPLY_BYTES];
    for (size_t bytes = 0; bytes < 200; bytes++) {
        size_t made = handshake_reset(&site, &peek, bytes, reset);
        assert_true(made == 0 || made < bytes);
    }
    peek.kind = DATAGRAM_RESET_BY_INITIATOR;
    assert_int_equal(handshake_reset(&site, &peek, 200, reset), 0);
}

static void test_payload_with_a_false_length_is_refused(void **state) {
    (void)state;
    struct handshake_secrets secrets;
    uint8_t payload[PAYLOAD_HEAD_BYTES + HANDSHAKE_PARAMETERS + 100] = {0};
    const uint16_t lengths[] = {HANDSHAKE_PARAMETERS + 1, UINT16_MAX};
    for (int i = 0; i < 2; i++) {
        store_le16(payload + HANDSHAKE_TOKEN_BYTES, lengths[i]);
        struct bytes_reader reader = bytes_reader_over(payload, sizeof payload);
        assert_false(wire_get_payload(&reader, &secrets));
    }
    store_le16(payload + HANDSHAKE_TOKEN_BYTES, 5);
    for (size_t bytes = 0; bytes < PAYLOAD_HEAD_BYTES + 5; bytes++) {
        struct bytes_reader reader = bytes_reader_over(payload, bytes);
        assert_false(wire_get_payload(&reader, &secrets));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_peek_tells_kind_session_and_sender),
        cmocka_unit_test(test_peek_refuses_unknown_kinds),
        cmocka_unit_test(test_reset_by_a_restarted_site_is_believed_and_no_other),
        cmocka_unit_test(test_reset_is_shorter_than_what_caused_it_and_causes_none),
        cmocka_unit_test(test_payload_with_a_false_length_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
