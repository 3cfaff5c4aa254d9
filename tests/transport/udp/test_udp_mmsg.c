#include "transport/udp/udp_mmsg.h"

#include "support/cmocka.h"

#include <poll.h>
#include <string.h>

static void test_a_flood_beyond_the_buffers_is_read_in_order(void **state) {
    (void)state;
    struct udp_socket udp;
    struct udp_socket_options options = {.listen = "127.0.0.1:0", .buffer_bytes = 8 << 20};
    assert_int_equal(udp_socket_open(&udp, &options, NULL), SATSYNC_OK);
    struct udp_receiver *receiver;
    if (udp_mmsg_open(&udp, NULL, &receiver, NULL) != SATSYNC_OK) {
        skip();
    }
    uint8_t data[300];
    unsigned sent = 0;
    unsigned got = 0;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 100; i++, sent++) {
            memset(data, (int)(sent & 0xff), sizeof data);
            struct net_batch batch = {.data = data,
                                      .bytes = sizeof data,
                                      .segment_bytes = sizeof data,
                                      .peer = udp.local};
            assert_int_equal(udp_socket_send(&udp, &batch), SATSYNC_OK);
        }
        struct net_batch batch;
        while (got < sent) {
            struct pollfd poll_fd = {receiver->fd, POLLIN, 0};
            while (receiver->receive(receiver, &batch)) {
                for (size_t at = 0; at < batch.bytes; at += sizeof data, got++) {
                    assert_int_equal(batch.data[at], got & 0xff);
                }
                assert_true(net_address_equal(&batch.peer, &udp.local));
            }
            if (got < sent) {
                poll(&poll_fd, 1, -1);
            }
        }
        assert_false(receiver->receive(receiver, &batch));
    }
    receiver->free(receiver);
    udp_socket_close(&udp);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_flood_beyond_the_buffers_is_read_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
