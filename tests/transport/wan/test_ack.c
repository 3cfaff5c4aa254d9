#include "transport/wan/ack.h"

#include "base/timers.h"
#include "support/cmocka.h"

static const uint64_t MS = 1000000;

static void test_nothing_received_is_nothing_to_say(void **state) {
    (void)state;
    struct ack ack;
    struct frame_ack frame;
    assert_int_equal(ack_init(&ack, NULL), SATSYNC_OK);
    assert_false(ack_is_due(&ack, UINT64_MAX - 1));
    assert_false(ack_fill(&ack, 0, &frame));
    ack_fini(&ack);
}

static void test_a_packet_is_acknowledged_after_the_delay(void **state) {
    (void)state;
    struct ack ack;
    assert_int_equal(ack_init(&ack, NULL), SATSYNC_OK);
    ack_set_round_trip(&ack, 80 * MS);
    ack_received(&ack, 100 * MS, 0, 50, false);
    assert_true(ack.due_ns == TIME_NEVER);
    ack_received(&ack, 100 * MS, 1, 1472, true);
    assert_false(ack_is_due(&ack, 110 * MS - 1));
    assert_true(ack_is_due(&ack, 110 * MS));
    struct frame_ack frame;
    assert_true(ack_fill(&ack, 110 * MS, &frame));
    assert_int_equal(frame.largest, 1);
    assert_int_equal(frame.delay_us, 10000);
    assert_int_equal(frame.range_count, 1);
    ack_sent(&ack, 60);
    assert_true(ack.due_ns == TIME_NEVER);
    ack_fini(&ack);
}

static void test_bulk_is_acknowledged_by_sixty_four(void **state) {
    (void)state;
    struct ack ack;
    struct frame_ack frame;
    assert_int_equal(ack_init(&ack, NULL), SATSYNC_OK);
    unsigned acks = 0;
    uint64_t bytes = 0;
    for (uint64_t i = 0; i < 64000; i++) {
        ack_received(&ack, i * 1000, i + i / 20, 1472, true); /* one in 21 is missing */
        if (ack_is_due(&ack, i * 1000)) {
            assert_true(ack_fill(&ack, i * 1000, &frame));
            assert_int_equal(frame.ranges[0].to, i + i / 20 + 1);
            ack_sent(&ack, 200);
            bytes += 200;
            acks++;
        }
    }
    assert_in_range(acks, 1000, 1100);
    assert_true(bytes < UINT64_C(64000) * 1472 / 250);
    ack_fini(&ack);
}

static void test_ranges_are_newest_first_and_bounded(void **state) {
    (void)state;
    struct ack ack;
    struct frame_ack frame;
    assert_int_equal(ack_init(&ack, NULL), SATSYNC_OK);
    for (uint64_t i = 0; i < 10000; i += 2) {
        ack_received(&ack, i, i, 1472, true);
    }
    assert_true(ack_fill(&ack, 10000, &frame));
    assert_int_equal(frame.range_count, FRAME_ACK_RANGES_MAX);
    for (uint64_t i = 0; i < FRAME_ACK_RANGES_MAX; i++) {
        assert_int_equal(frame.ranges[i].from, 9998 - 2 * i);
        assert_int_equal(frame.ranges[i].to, 9999 - 2 * i);
    }
    ack_fini(&ack);
}

static void test_hurry_obeys_the_budget(void **state) {
    (void)state;
    struct ack ack;
    assert_int_equal(ack_init(&ack, NULL), SATSYNC_OK);
    ack_received(&ack, 0, 0, 100, true);
    ack_hurry(&ack, 1);
    assert_true(ack_is_due(&ack, 1));
    ack_sent(&ack, 1000000);
    ack_received(&ack, 2, 1, 100, true);
    ack_hurry(&ack, 2);
    assert_false(ack_is_due(&ack, 2));
    assert_true(ack_is_due(&ack, 2 + 5 * MS));
    ack_fini(&ack);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_received_is_nothing_to_say),
        cmocka_unit_test(test_a_packet_is_acknowledged_after_the_delay),
        cmocka_unit_test(test_bulk_is_acknowledged_by_sixty_four),
        cmocka_unit_test(test_ranges_are_newest_first_and_bounded),
        cmocka_unit_test(test_hurry_obeys_the_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
