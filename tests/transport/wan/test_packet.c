#include "transport/wan/packet.h"

#include "support/cmocka.h"
#include "transport/wan/keys.h"

static void test_header_comes_back_as_it_went(void **state) {
    (void)state;
    static const struct packet_header headers[] = {
        {false, false, 0, 0, 0, 0},
        {true, false, 7, 3, UINT64_MAX, 1},
        {false, true, 2, 1, 0x0123456789abcdef, 0xffffffff},
        {true, true, 1, 2, 5, UINT64_C(0x500000003)},
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        uint8_t bytes[PACKET_HEADER_BYTES + WAN_TAG_BYTES] = {0};
        struct packet_header back;
        packet_encode(&headers[i], bytes);
        assert_true(packet_decode(bytes, sizeof bytes, headers[i].number, &back));
        assert_int_equal(back.by_responder, headers[i].by_responder);
        assert_int_equal(back.early, headers[i].early);
        assert_int_equal(back.path, headers[i].path);
        assert_int_equal(back.generation, headers[i].generation);
        assert_true(back.session == headers[i].session && back.number == headers[i].number);
    }
}

static void test_number_is_the_nearest_to_the_expected(void **state) {
    (void)state;
    static const uint64_t cases[][2] = {
        /* expected, sent */
        {0, 0},
        {0, 100},
        {UINT64_C(0x100000000), 0xffffff00},
        {0xffffff00, UINT64_C(0x100000010)},
        {UINT64_C(0x700000000), UINT64_C(0x77ffffff0)},
        {UINT64_C(0x7fffffff0), UINT64_C(0x800000005)},
        {UINT64_C(0x800000005), UINT64_C(0x7fffffff0)},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct packet_header header = {.number = cases[i][1]};
        struct packet_header back;
        uint8_t bytes[PACKET_HEADER_BYTES + WAN_TAG_BYTES] = {0};
        packet_encode(&header, bytes);
        assert_true(packet_decode(bytes, sizeof bytes, cases[i][0], &back));
        assert_true(back.number == cases[i][1]);
    }
}

static void test_short_and_handshake_datagrams_are_no_packets(void **state) {
    (void)state;
    struct packet_header header;
    uint8_t bytes[PACKET_HEADER_BYTES + WAN_TAG_BYTES] = {0};
    assert_false(packet_decode(bytes, 0, 0, &header));
    assert_false(packet_decode(bytes, sizeof bytes - 1, 0, &header));
    bytes[0] = 0xA1;
    assert_false(packet_decode(bytes, sizeof bytes, 0, &header));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header_comes_back_as_it_went),
        cmocka_unit_test(test_number_is_the_nearest_to_the_expected),
        cmocka_unit_test(test_short_and_handshake_datagrams_are_no_packets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
