#include "sim-link/wire.h"

#include "sim-link/gso.h"
#include "support/cmocka.h"
#include "support/fates.h"
#include "support/ip_flow.h"

#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Packets go through socket pairs in place of devices, each behind a device's header. */
static void send_packet(int fd, size_t bytes) {
    uint8_t data[GSO_HEADER_BYTES + 1500] = {[GSO_HEADER_BYTES] = 0x45};
    (void)!write(fd, data, GSO_HEADER_BYTES + bytes);
}

/* The packet's length, or -1. */
static ssize_t receive_packet(int fd) {
    uint8_t data[GSO_HEADER_BYTES + 1500];
    ssize_t bytes = read(fd, data, sizeof data);
    return bytes < GSO_HEADER_BYTES ? -1 : bytes - GSO_HEADER_BYTES;
}

static void test_packets_cross_whole_and_in_time(void **state) {
    (void)state;
    int near[2];
    int far[2];
    struct profile profile;
    struct wire *wire;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, near), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, far), 0);
    assert_int_equal(profile_parse("plain?rtt=20ms&down.loss=100%", &profile, NULL), SATSYNC_OK);
    struct wire_options options = {
        .profile = &profile, .fds = {near[0], far[0]}, .now_ns = now_ns()};
    assert_int_equal(wire_open(&options, &wire, NULL), SATSYNC_OK);
    send_packet(near[1], 1500);
    send_packet(far[1], 40);
    uint64_t start_ns = now_ns();
    wire_poll(wire, start_ns);
    assert_int_equal(receive_packet(far[1]), -1);
    while (wire_next_ns(wire) != TIME_NEVER) {
        wire_poll(wire, now_ns());
    }
    assert_true(now_ns() - start_ns >= 10000000);
    /* 1500 bytes fit: nothing was added for headers. */
    assert_int_equal(receive_packet(far[1]), 1500);
    assert_int_equal(receive_packet(near[1]), -1);
    static struct relay_report report;
    wire_report(wire, now_ns(), &report);
    assert_int_equal(report.up.delivered_bytes, 1500);
    assert_int_equal(report.down.dropped_packets[DROP_LOSS], 1);
    assert_int_equal(report.late.count, 1);
    wire_close(wire);
    for (int i = 0; i < 2; i++) {
        close(near[i]);
        close(far[i]);
    }
}

/* A large packet of TCP enters as the many it stands for, and each has a fate of its own. */
static void test_each_part_of_a_large_packet_has_its_own_fate(void **state) {
    (void)state;
    enum { PARTS = 40, PART_BYTES = 1000, READ_BYTES = GSO_HEADER_BYTES + 52 + PARTS * PART_BYTES };
    int near[2];
    int far[2];
    struct profile profile;
    struct wire *wire;
    static struct relay_report report;
    static uint8_t data[READ_BYTES];
    struct ip_flow flow = {IP_PROTOCOL_TCP, 0x10, 1, 5, 80, false};
    struct gso_header header = {.type = 1, .part_bytes = PART_BYTES};
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, near), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, far), 0);
    assert_int_equal(profile_parse("plain?loss=30%&seed=5", &profile, NULL), SATSYNC_OK);
    struct wire_options options = {
        .profile = &profile, .fds = {near[0], far[0]}, .now_ns = now_ns()};
    assert_int_equal(wire_open(&options, &wire, NULL), SATSYNC_OK);
    memcpy(data, &header, sizeof header);
    (void)ip_flow_next(&flow, PART_BYTES, data + sizeof header);
    store_be16(data + sizeof header + IP_TOTAL_LENGTH, READ_BYTES - GSO_HEADER_BYTES);
    assert_int_equal(write(near[1], data, READ_BYTES), READ_BYTES);
    wire_poll(wire, now_ns());
    while (wire_next_ns(wire) != TIME_NEVER) {
        wire_poll(wire, now_ns());
    }
    wire_report(wire, now_ns(), &report);
    assert_int_equal(report.up.entered_packets, PARTS);
    assert_int_equal(report.up.entered_bytes, PARTS * (52 + PART_BYTES));
    assert_in_range(report.up.dropped_packets[DROP_LOSS], 1, PARTS - 1);
    assert_int_equal(report.late.count, report.up.delivered_packets);
    /* What is between two losses is joined again. */
    size_t arrived = 0;
    size_t writes = 0;
    for (ssize_t bytes; (bytes = read(far[1], data, sizeof data)) > 0; writes++) {
        arrived += ((size_t)bytes - GSO_HEADER_BYTES - 52) / PART_BYTES;
    }
    assert_int_equal(arrived, report.up.delivered_packets);
    assert_in_range(writes, 2, arrived - 1);
    wire_close(wire);
    for (int i = 0; i < 2; i++) {
        close(near[i]);
        close(far[i]);
    }
}

static void test_virtual_time_gives_every_packet_the_same_fate(void **state) {
    (void)state;
    static struct fates fates;
    struct profile profile;
    struct wire *wire;
    int near[2];
    int far[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, near), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, far), 0);
    assert_int_equal(profile_parse("plain?rate=400M&rtt=2ms&jitter=500us&loss=3%&queue=1ms&"
                                   "reorder=2%&duplicate=2%&seed=31",
                                   &profile, NULL),
                     SATSYNC_OK);
    fates_init(&fates);
    struct wire_options options = {.profile = &profile,
                                   .fds = {near[0], far[0]},
                                   .now_ns = now_ns(),
                                   .record = {.watch = &fates.watch}};
    assert_int_equal(wire_open(&options, &wire, NULL), SATSYNC_OK);
    for (size_t i = 0; i < 4000; i++) {
        send_packet(near[1], 40 + i % 1460);
        send_packet(far[1], 40 + i % 977);
        wire_poll(wire, now_ns());
        while (receive_packet(near[1]) > 0 || receive_packet(far[1]) > 0) {
            continue;
        }
    }
    while (wire_next_ns(wire) != TIME_NEVER) {
        wire_poll(wire, now_ns());
    }
    wire_close(wire);
    assert_in_range(fates.count, 7000, 9000);
    assert_int_equal(fates_that_differ(&fates, &profile, true), 0);
    for (int i = 0; i < 2; i++) {
        close(near[i]);
        close(far[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packets_cross_whole_and_in_time),
        cmocka_unit_test(test_each_part_of_a_large_packet_has_its_own_fate),
        cmocka_unit_test(test_virtual_time_gives_every_packet_the_same_fate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
