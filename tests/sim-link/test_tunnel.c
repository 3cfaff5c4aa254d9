#include "sim-link/tunnel.h"

#include "support/cmocka.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* False where this machine lets nobody make one. */
static bool open_one(const char *const *argv, struct tunnel *tunnel) {
    struct satsync_error error;
    struct tunnel_options options = {
        .address = "10.77.0.2", .peer = "10.77.0.1", .mtu_bytes = 1500, .argv = argv};
    if (tunnel_prepare(&error) == SATSYNC_OK &&
        tunnel_open(&options, tunnel, &error) == SATSYNC_OK) {
        return true;
    }
    print_message("skipped: %s\n", error.message);
    return false;
}

static void test_a_program_runs_there_and_knows_both_ends(void **state) {
    (void)state;
    const char *argv[] = {"/bin/sh", "-c",
                          "test $SATSYNC_LINK_LOCAL = 10.77.0.2 && "
                          "test $SATSYNC_LINK_PEER = 10.77.0.1 && exit 5",
                          NULL};
    struct tunnel tunnel;
    int status = 0;
    if (!open_one(argv, &tunnel)) {
        skip();
    }
    assert_int_equal(waitpid(tunnel.pid, &status, WNOHANG), 0);
    tunnel_start(&tunnel);
    assert_int_equal(waitpid(tunnel.pid, &status, 0), tunnel.pid);
    assert_int_equal(WEXITSTATUS(status), 5);
    tunnel.pid = -1;
    tunnel_close(&tunnel);
}

static uint16_t checksum(const uint8_t *data, size_t bytes) {
    uint32_t sum = 0;
    for (size_t i = 0; i < bytes; i += 2) {
        sum += (uint32_t)data[i] << 8 | data[i + 1];
    }
    sum = (sum >> 16) + (sum & 0xffff);
    return (uint16_t) ~(sum + (sum >> 16));
}

/* The kernel at the far end answers an echo request that is written to the device. */
static void test_a_packet_goes_in_and_its_answer_comes_out(void **state) {
    (void)state;
    enum { HEADER = 10 }; /* before each packet; all zero */
    uint8_t written[HEADER + 28] = {0};
    uint8_t ping[28] = {0x45, 0, 0,  28, 0, 1, 0, 0, 64, 1, 0, 0, 10, 77,
                        0,    1, 10, 77, 0, 2, 8, 0, 0,  0, 0, 7, 0,  9};
    uint8_t pong[2000];
    struct tunnel tunnel;
    if (!open_one(NULL, &tunnel)) {
        skip();
    }
    uint16_t sum = checksum(ping, 20);
    ping[10] = (uint8_t)(sum >> 8);
    ping[11] = (uint8_t)sum;
    sum = checksum(ping + 20, 8);
    ping[22] = (uint8_t)(sum >> 8);
    ping[23] = (uint8_t)sum;
    memcpy(written + HEADER, ping, sizeof ping);
    assert_int_equal(write(tunnel.fd, written, sizeof written), sizeof written);
    struct pollfd readable = {.fd = tunnel.fd, .events = POLLIN};
    assert_int_equal(poll(&readable, 1, 60000), 1);
    assert_int_equal(read(tunnel.fd, pong, sizeof pong), HEADER + 28);
    assert_int_equal(pong[HEADER + 20], 0); /* echo reply */
    assert_int_equal(pong[HEADER + 27], 9);
    tunnel_close(&tunnel);
    assert_int_equal(tunnel.pid, -1);
}

int main(void) {
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_program_runs_there_and_knows_both_ends),
        cmocka_unit_test(test_a_packet_goes_in_and_its_answer_comes_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
