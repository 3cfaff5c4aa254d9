#include "transport/wan/delivery.h"

#include "support/cmocka.h"

static void test_newest_packet_of_an_ack_is_the_sample(void **state) {
    (void)state;
    struct delivery delivery = {.delivered = 4500};
    struct sent_packet packets[3] = {{.number = 7, .sent_ns = 70, .ip_bytes = 1500},
                                     {.number = 9, .sent_ns = 90, .ip_bytes = 1000},
                                     {.number = 8, .sent_ns = 80, .ip_bytes = 500}};
    struct delivery_sample sample = {0};
    for (int i = 0; i < 3; i++) {
        delivery_sent(&delivery, &packets[i]);
    }
    for (int i = 0; i < 3; i++) {
        delivery_acked(&delivery, &packets[i], &sample);
    }
    assert_true(sample.any && !sample.app_limited);
    assert_int_equal(sample.number, 9);
    assert_int_equal(sample.sent_ns, 90);
    assert_int_equal(sample.prior_delivered, 4500);
    assert_int_equal(delivery.delivered, 7500);
}

static void test_packets_are_marked_until_what_was_in_flight_arrived(void **state) {
    (void)state;
    struct delivery delivery = {0};
    struct sent_packet packet = {.ip_bytes = 1500};
    struct delivery_sample sample = {0};
    delivery_app_limited(&delivery, 1500);
    for (int i = 0; i < 3; i++) {
        delivery_sent(&delivery, &packet);
        assert_int_equal(packet.app_limited, i < 2);
        delivery_acked(&delivery, &packet, &sample);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_newest_packet_of_an_ack_is_the_sample),
        cmocka_unit_test(test_packets_are_marked_until_what_was_in_flight_arrived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
