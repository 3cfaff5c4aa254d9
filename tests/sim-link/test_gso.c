#include "sim-link/gso.h"

#include "base/random.h"
#include "support/cmocka.h"
#include "support/ip_flow.h"

#include <string.h>

enum { PACKETS = 64, READ_BYTES = GSO_HEADER_BYTES + 65536 };

struct train {
    uint8_t data[PACKETS][IP_FLOW_BYTES];
    size_t bytes[PACKETS];
    size_t count;
};

static void append(struct train *train, struct ip_flow *flow, size_t payload_bytes) {
    train->bytes[train->count] = ip_flow_next(flow, payload_bytes, train->data[train->count]);
    train->count++;
}

/* How many of the train, from `from`, go into one; what is written lies in `out`. */
static size_t join_from(const struct train *train, size_t from, uint8_t *out, size_t *out_bytes) {
    struct gso_join join = {.count = 0};
    size_t taken = 0;
    int pieces;
    while (from + taken < train->count &&
           gso_join_add(&join, train->data[from + taken], train->bytes[from + taken])) {
        taken++;
    }
    const struct iovec *parts = gso_join_take(&join, &pieces);
    *out_bytes = 0;
    for (int i = 0; i < pieces; i++) {
        memcpy(out + *out_bytes, parts[i].iov_base, parts[i].iov_len);
        *out_bytes += parts[i].iov_len;
    }
    return taken;
}

/* The packets that `data` stands for are those of the train from `from`; gives their number. */
static size_t assert_cut_gives(const struct train *train, size_t from, uint8_t *data,
                               size_t bytes) {
    struct gso_cut cut;
    size_t count = 0;
    size_t packet_bytes;
    assert_true(gso_cut_start(&cut, data, bytes));
    for (const uint8_t *packet; (packet = gso_cut_next(&cut, &packet_bytes)) != NULL; count++) {
        assert_in_range(from + count, 0, train->count - 1);
        assert_int_equal(packet_bytes, train->bytes[from + count]);
        assert_memory_equal(packet, train->data[from + count], packet_bytes);
    }
    return count;
}

static size_t joined(const struct train *train) {
    static uint8_t out[READ_BYTES];
    size_t bytes;
    size_t taken = join_from(train, 0, out, &bytes);
    assert_int_equal(assert_cut_gives(train, 0, out, bytes), taken);
    return taken;
}

static void test_a_flow_is_joined_and_cut_into_the_same_packets(void **state) {
    (void)state;
    static struct train train;
    struct ip_flow tcp = {IP_PROTOCOL_TCP, 0x10, 65530, 0xffffff00, 80, false};
    struct ip_flow udp = {IP_PROTOCOL_UDP, 0, 1, 0, 80, true};
    train.count = 0;
    for (int i = 0; i < 40; i++) {
        append(&train, &tcp, 1448);
    }
    append(&train, &tcp, 700);
    append(&train, &tcp, 1448);
    assert_int_equal(joined(&train), 41);
    train.count = 0;
    for (int i = 0; i < 60; i++) {
        append(&train, &udp, i < 40 ? 1000 : 999);
    }
    assert_int_equal(joined(&train), 41);
}

/* Whatever comes in whatever order. Repeat with the seed that is printed. */
static void test_any_train_comes_out_as_it_went_in(void **state) {
    (void)state;
    static struct train train;
    static uint8_t out[READ_BYTES];
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct random random = random_of(seed, 0);
        struct ip_flow flows[] = {{IP_PROTOCOL_TCP, 0x10, 1, 5, 80, true},
                                  {IP_PROTOCOL_UDP, 0, 9, 0, 80, true},
                                  {IP_PROTOCOL_TCP, 0x10, 1, 5, 81, false}};
        struct ip_flow *flow = flows;
        for (train.count = 0; train.count < PACKETS;) {
            uint32_t draw = random_u32(&random);
            flow = draw % 16 == 0 ? &flows[draw / 16 % 3] : flow;
            flow->sequence += draw / 64 % 32 == 0;
            flow->tcp_flags = draw / 2048 % 8 == 0 ? (uint8_t)(draw >> 24) : 0x10;
            append(&train, flow, draw / 16384 % 16 == 0 ? draw % 1449 : 1448);
            if (draw >> 28 == 0) {
                train.data[train.count - 1][draw % train.bytes[train.count - 1]] ^= 4;
            }
        }
        size_t writes = 0;
        for (size_t from = 0, bytes; from < train.count; writes++) {
            size_t taken = join_from(&train, from, out, &bytes);
            if (taken == 0 || assert_cut_gives(&train, from, out, bytes) != taken) {
                fail_msg("seed %llu, packet %zu", (unsigned long long)seed, from);
            }
            from += taken;
        }
        assert_in_range(writes, 2, PACKETS - 1);
    }
}

static void test_what_does_not_follow_is_not_joined(void **state) {
    (void)state;
    /* A byte of the second of two, and what it becomes; its checksums are made again. */
    static const struct {
        size_t at;
        uint8_t value;
    } changes[] = {{1, 1},
                   {8, 63},
                   {15, 9},
                   {21, 9},
                   {27, 99},
                   {31, 99},
                   {35, 9},
                   {33, 0x10 | TCP_SYN},
                   {33, 0x10 | TCP_CWR},
                   {47, 9}};
    static struct train train;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct ip_flow flow = {IP_PROTOCOL_TCP, 0x10, 1, 5, 80, false};
        struct ip_packet packet;
        train.count = 0;
        append(&train, &flow, 1000);
        append(&train, &flow, 1000);
        assert_int_equal(joined(&train), 2);
        train.data[1][changes[i].at] = changes[i].value;
        assert_true(ip_packet_view(train.data[1], train.bytes[1], &packet));
        ip_packet_set_bytes(&packet, train.data[1], train.bytes[1]);
        ip_packet_complete(&packet, train.data[1]);
        if (joined(&train) != 1) {
            fail_msg("byte %zu as %x was joined", changes[i].at, changes[i].value);
        }
    }
}

static void test_damage_is_neither_joined_nor_mended(void **state) {
    (void)state;
    static struct train train;
    static uint8_t out[READ_BYTES];
    struct ip_flow flow = {IP_PROTOCOL_TCP, 0x10, 1, 5, 80, false};
    size_t bytes;
    train.count = 0;
    append(&train, &flow, 1000);
    append(&train, &flow, 1000);
    train.data[1][300] ^= 1;
    assert_int_equal(join_from(&train, 0, out, &bytes), 1);
    assert_int_equal(join_from(&train, 1, out, &bytes), 1);
    assert_int_equal(out[0], 0); /* the kernel is to look at the checksum */
    assert_int_equal(bytes, GSO_HEADER_BYTES + train.bytes[1]);
    assert_memory_equal(out + GSO_HEADER_BYTES, train.data[1], train.bytes[1]);
}

static void test_datagrams_stay_alone_where_nobody_cuts_them(void **state) {
    (void)state;
    static struct train train;
    struct ip_flow flow = {IP_PROTOCOL_UDP, 0, 1, 5, 80, false};
    struct gso_join join = {.without_udp = true};
    train.count = 0;
    append(&train, &flow, 1000);
    append(&train, &flow, 1000);
    assert_true(gso_join_add(&join, train.data[0], train.bytes[0]));
    assert_false(gso_join_add(&join, train.data[1], train.bytes[1]));
}

static void test_a_whole_never_exceeds_what_ip_can_say(void **state) {
    (void)state;
    static struct train train;
    struct ip_flow flow = {IP_PROTOCOL_TCP, 0x10, 1, 5, 80, false};
    train.count = 0;
    for (int i = 0; i < PACKETS; i++) {
        append(&train, &flow, 1448);
    }
    assert_int_equal(joined(&train), 45); /* 52 + 45 * 1448 <= 65535 */
}

static void test_a_checksum_that_was_left_is_made(void **state) {
    (void)state;
    static struct train train;
    uint8_t read[GSO_HEADER_BYTES + IP_FLOW_BYTES];
    struct ip_flow flow = {IP_PROTOCOL_UDP, 0, 1, 5, 80, false};
    struct ip_packet packet;
    train.count = 0;
    append(&train, &flow, 333);
    struct gso_header header = {.flags = 1, .sum_from = 20, .sum_to = UDP_CHECKSUM};
    memcpy(read, &header, sizeof header);
    memcpy(read + sizeof header, train.data[0], train.bytes[0]);
    assert_true(ip_packet_view(train.data[0], train.bytes[0], &packet));
    uint16_t sum = internet_fold(ip_pseudo_sum(&packet, train.data[0]));
    memcpy(read + sizeof header + 20 + UDP_CHECKSUM, &sum, sizeof sum);
    assert_int_equal(assert_cut_gives(&train, 0, read, sizeof header + train.bytes[0]), 1);
}

static void test_malformed_headers_are_refused(void **state) {
    (void)state;
    static const struct gso_header headers[] = {
        {.type = 1},                                      /* parts of nothing */
        {.type = 5, .part_bytes = 100},                   /* TCP as UDP */
        {.type = 3, .part_bytes = 100},                   /* fragments of UDP, never asked for */
        {.type = 4, .part_bytes = 100},                   /* IPv6 */
        {.flags = 1, .sum_from = 1051, .sum_to = 0},      /* behind the end */
        {.flags = 1, .sum_from = 65535, .sum_to = 65535}, /* far behind it */
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        uint8_t read[GSO_HEADER_BYTES + IP_FLOW_BYTES];
        struct ip_flow flow = {IP_PROTOCOL_TCP, 0x10, 1, 5, 80, false};
        struct gso_cut cut;
        size_t bytes = ip_flow_next(&flow, 1000, read + GSO_HEADER_BYTES);
        memcpy(read, &headers[i], sizeof headers[i]);
        if (gso_cut_start(&cut, read, GSO_HEADER_BYTES + bytes)) {
            fail_msg("header %zu was taken", i);
        }
        assert_false(gso_cut_start(&cut, read, GSO_HEADER_BYTES));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_flow_is_joined_and_cut_into_the_same_packets),
        cmocka_unit_test(test_any_train_comes_out_as_it_went_in),
        cmocka_unit_test(test_what_does_not_follow_is_not_joined),
        cmocka_unit_test(test_damage_is_neither_joined_nor_mended),
        cmocka_unit_test(test_datagrams_stay_alone_where_nobody_cuts_them),
        cmocka_unit_test(test_a_whole_never_exceeds_what_ip_can_say),
        cmocka_unit_test(test_a_checksum_that_was_left_is_made),
        cmocka_unit_test(test_malformed_headers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
