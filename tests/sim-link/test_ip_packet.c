#include "sim-link/ip_packet.h"

#include "support/cmocka.h"
#include "support/ip_flow.h"

#include <endian.h>
#include <string.h>

/* RFC 1071, section 3. */
static void test_the_sum_is_that_of_the_rfc(void **state) {
    (void)state;
    const uint8_t data[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    assert_int_equal(be16toh(internet_fold(internet_sum(0, data, sizeof data))), 0xddf2);
}

static uint16_t plain_sum(const uint8_t *data, size_t bytes) {
    uint32_t sum = 0;
    for (size_t i = 0; i < bytes; i++) {
        sum += i % 2 == 0 ? (uint32_t)data[i] << 8 : data[i];
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)sum;
}

static void test_any_length_and_place_sums_as_word_by_word(void **state) {
    (void)state;
    uint8_t data[1600];
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(255 - i * i % 251);
    }
    for (size_t at = 0; at < 9; at++) {
        for (size_t bytes = 1; bytes < sizeof data - 9; bytes += bytes < 70 ? 1 : 97) {
            uint64_t sum = internet_sum(0, data + at, bytes);
            assert_int_equal(be16toh(internet_fold(sum)), plain_sum(data + at, bytes));
            size_t half = bytes / 4 * 2;
            sum = internet_sum(internet_sum(0, data + at, half), data + at + half, bytes - half);
            assert_int_equal(be16toh(internet_fold(sum)), plain_sum(data + at, bytes));
        }
    }
}

static void test_each_flipped_bit_is_seen(void **state) {
    (void)state;
    const uint8_t protocols[] = {IP_PROTOCOL_TCP, IP_PROTOCOL_UDP};
    for (size_t p = 0; p < sizeof protocols; p++) {
        uint8_t data[IP_FLOW_BYTES];
        struct ip_flow flow = {.protocol = protocols[p], .id = 3, .sequence = 9, .port = 1};
        struct ip_packet packet;
        size_t bytes = ip_flow_next(&flow, 31, data);
        assert_true(ip_packet_view(data, bytes, &packet));
        assert_true(ip_packet_is_intact(&packet, data));
        for (size_t bit = 0; bit < 8 * bytes; bit++) {
            data[bit / 8] ^= (uint8_t)(1 << bit % 8);
            struct ip_packet changed;
            assert_false(ip_packet_view(data, bytes, &changed) &&
                         ip_packet_is_intact(&changed, data));
            data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
}

static void test_a_new_length_leaves_a_whole_packet(void **state) {
    (void)state;
    uint8_t data[IP_FLOW_BYTES];
    struct ip_flow flow = {.protocol = IP_PROTOCOL_UDP, .port = 1};
    struct ip_packet packet;
    assert_true(ip_packet_view(data, ip_flow_next(&flow, 400, data), &packet));
    ip_packet_set_bytes(&packet, data, 128);
    ip_packet_complete(&packet, data);
    assert_true(ip_packet_view(data, 128, &packet));
    assert_true(ip_packet_is_intact(&packet, data));
}

static void test_what_is_no_whole_packet_is_refused(void **state) {
    (void)state;
    static const struct {
        size_t at;
        uint8_t value;
    } changes[] = {
        {0, 0x65},  /* IPv6 */
        {0, 0x44},  /* a header of four words */
        {0, 0x4f},  /* of fifteen, so that TCP's begins elsewhere */
        {3, 0},     /* another length */
        {6, 0x20},  /* more fragments */
        {7, 1},     /* a later one */
        {9, 1},     /* ICMP */
        {32, 0x40}, /* TCP's header of four words */
        {32, 0xf0}, /* longer than the packet */
    };
    uint8_t data[IP_FLOW_BYTES];
    struct ip_packet packet;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct ip_flow flow = {.protocol = IP_PROTOCOL_TCP, .port = 0};
        size_t bytes = ip_flow_next(&flow, 3, data);
        assert_true(ip_packet_view(data, bytes, &packet));
        data[changes[i].at] = changes[i].value;
        if (ip_packet_view(data, bytes, &packet)) {
            fail_msg("byte %zu as %x was taken", changes[i].at, changes[i].value);
        }
    }
    struct ip_flow flow = {.protocol = IP_PROTOCOL_UDP, .port = 0};
    size_t bytes = ip_flow_next(&flow, 3, data);
    for (size_t cut = 0; cut < bytes; cut++) {
        assert_false(ip_packet_view(data, cut, &packet));
    }
    data[20 + UDP_LENGTH + 1]--;
    assert_false(ip_packet_view(data, bytes, &packet));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_sum_is_that_of_the_rfc),
        cmocka_unit_test(test_any_length_and_place_sums_as_word_by_word),
        cmocka_unit_test(test_each_flipped_bit_is_seen),
        cmocka_unit_test(test_a_new_length_leaves_a_whole_packet),
        cmocka_unit_test(test_what_is_no_whole_packet_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
