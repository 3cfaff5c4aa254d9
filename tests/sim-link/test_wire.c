#include "sim-link/wire.h"

#include "support/cmocka.h"
#include "support/fates.h"

#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Packets that are whole go through socket pairs in place of devices. */
static void test_packets_cross_whole_and_in_time(void **state) {
    (void)state;
    int near[2];
    int far[2];
    struct profile profile;
    struct wire *wire;
    char data[1500] = {0x45};
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, near), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, far), 0);
    assert_int_equal(profile_parse("plain?rtt=20ms&down.loss=100%", &profile, NULL), SATSYNC_OK);
    struct wire_options options = {
        .profile = &profile, .fds = {near[0], far[0]}, .now_ns = now_ns()};
    assert_int_equal(wire_open(&options, &wire, NULL), SATSYNC_OK);
    assert_int_equal(write(near[1], data, sizeof data), sizeof data);
    assert_int_equal(write(far[1], data, 40), 40);
    uint64_t start_ns = now_ns();
    wire_poll(wire, start_ns);
    assert_int_equal(read(far[1], data, sizeof data), -1);
    while (wire_next_ns(wire) != TIME_NEVER) {
        wire_poll(wire, now_ns());
    }
    assert_true(now_ns() - start_ns >= 10000000);
    /* 1500 bytes fit: nothing was added for headers. */
    assert_int_equal(read(far[1], data, sizeof data), 1500);
    assert_int_equal(read(near[1], data, sizeof data), -1);
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

static void test_virtual_time_gives_every_packet_the_same_fate(void **state) {
    (void)state;
    static struct fates fates;
    struct profile profile;
    struct wire *wire;
    int near[2];
    int far[2];
    char data[1500] = {0x45};
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
        (void)!write(near[1], data, 40 + i % 1460);
        (void)!write(far[1], data, 40 + i % 977);
        wire_poll(wire, now_ns());
        while (read(near[1], data, sizeof data) > 0 || read(far[1], data, sizeof data) > 0) {
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
        cmocka_unit_test(test_virtual_time_gives_every_packet_the_same_fate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
