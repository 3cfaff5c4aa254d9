#include "transport/wan/delivery.h"

#include "support/cmocka.h"

static const uint64_t MS = 1000000;

/* One packet of 1500 bytes a millisecond, 50 ms there and back, acknowledged ten at a time. */
static void test_rate_of_a_steady_flow_is_seen(void **state) {
    (void)state;
    struct delivery delivery = {0};
    struct sent_packet packets[400] = {{0}};
    uint64_t rate = 0;
    for (uint64_t now = 0; now < 400; now++) {
        packets[now] =
            (struct sent_packet){.number = now, .sent_ns = (now + 1000) * MS, .ip_bytes = 1500};
        delivery_sent(&delivery, &packets[now], now == 0);
        if (now >= 60 && now % 10 == 0) {
            struct delivery_sample sample = {0};
            for (uint64_t i = now - 60; i < now - 50; i++) {
                delivery_acked(&delivery, &packets[i], (now + 1000) * MS, &sample);
            }
            delivery_finish(&delivery, 50 * MS, &sample);
            if (now > 200) {
                assert_true(sample.valid && !sample.app_limited);
                assert_in_range(sample.rate_bps, 10000000, 12000000);
            }
            rate = sample.rate_bps;
        }
    }
    assert_in_range(rate, 11000000, 12000000);
}

static void test_samples_while_little_is_sent_are_marked(void **state) {
    (void)state;
    struct delivery delivery = {0};
    struct sent_packet packet = {.sent_ns = 100 * MS, .ip_bytes = 1500};
    delivery_app_limited(&delivery, 0);
    delivery_sent(&delivery, &packet, true);
    struct delivery_sample sample = {0};
    delivery_acked(&delivery, &packet, 150 * MS, &sample);
    delivery_finish(&delivery, 50 * MS, &sample);
    assert_true(sample.valid && sample.app_limited);
    assert_int_equal(sample.rate_bps, 240000);
    delivery_finish(&delivery, 51 * MS, &sample);
    assert_false(sample.valid);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rate_of_a_steady_flow_is_seen),
        cmocka_unit_test(test_samples_while_little_is_sent_are_marked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
