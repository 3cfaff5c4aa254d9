#include "transport/udp/udp_socket.h"

#include "support/cmocka.h"

#include <poll.h>
#include <string.h>

static struct udp_socket open_socket(void) {
    struct udp_socket udp;
    struct udp_socket_options options = {.listen = "127.0.0.1:0", .buffer_bytes = 1 << 20};
    assert_int_equal(udp_socket_open(&udp, &options, NULL), SATSYNC_OK);
    return udp;
}

static size_t read_all(struct udp_socket *udp) {
    static uint8_t data[UDP_BATCH_BYTES];
    size_t bytes = 0;
    ssize_t got;
    while ((got = recv(udp->fd, data, sizeof data, MSG_DONTWAIT)) > 0) {
        bytes += (size_t)got;
    }
    return bytes;
}

static void test_without_offload_every_segment_still_leaves(void **state) {
    (void)state;
    struct udp_socket a = open_socket();
    struct udp_socket b = open_socket();
    static uint8_t data[100 * 500];
    struct net_batch batch = {
        .data = data, .bytes = sizeof data, .segment_bytes = 500, .peer = b.local};
    a.gso = false;
    assert_int_equal(udp_socket_send(&a, &batch), SATSYNC_OK);
    assert_int_equal(read_all(&b), sizeof data);
    udp_socket_close(&a);
    udp_socket_close(&b);
}

static void test_an_oversized_segment_does_not_turn_offload_off(void **state) {
    (void)state;
    struct udp_socket a = open_socket();
    bool had = a.gso;
    static uint8_t data[2 * 66000];
    struct net_batch batch = {
        .data = data, .bytes = sizeof data, .segment_bytes = 66000, .peer = a.local};
    assert_int_equal(udp_socket_send(&a, &batch), SATSYNC_NO_PATH);
    assert_int_equal(a.gso, had);
    udp_socket_close(&a);
}

static void test_an_empty_peer_has_no_path(void **state) {
    (void)state;
    struct udp_socket a = open_socket();
    uint8_t data[4] = {0};
    struct net_batch batch = {.data = data, .bytes = 4, .segment_bytes = 4};
    assert_int_equal(udp_socket_send(&a, &batch), SATSYNC_NO_PATH);
    udp_socket_close(&a);
    udp_socket_close(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_offload_every_segment_still_leaves),
        cmocka_unit_test(test_an_oversized_segment_does_not_turn_offload_off),
        cmocka_unit_test(test_an_empty_peer_has_no_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
