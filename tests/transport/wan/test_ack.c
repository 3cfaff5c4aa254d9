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
    assert_false(ack_is_due(&ack, 105 * MS - 1));
    assert_true(ack_is_due(&ack, 105 * MS));
    struct frame_ack frame;
    assert_true(ack_fill(&ack, 105 * MS, &frame));
    assert_int_equal(frame.largest, 1);
    assert_int_equal(frame.delay_us, 5000);
    assert_int_equal(frame.range_count, 1);
    ack_sent(&ack, 105 * MS, 1000000);
    assert_true(ack.due_ns == TIME_NEVER);
    /* Without budget it may wait for an eighth of the round trip. */
    ack_received(&ack, 106 * MS, 2, 1500, true);
    assert_false(ack_is_due(&ack, 116 * MS - 1));
    assert_true(ack_is_due(&ack, 116 * MS));
    ack_fini(&ack);
}

/* Full packets at a steady rate for ten seconds, after which the early ones count for little. */
static void feed(uint64_t rate_bps, uint64_t rtt_ns, unsigned *acks, double *share) {
    struct ack ack;
    struct frame_ack frame;
    assert_int_equal(ack_init(&ack, NULL), SATSYNC_OK);
    ack_set_round_trip(&ack, rtt_ns);
    uint64_t pause_ns = 1500 * 8 * UINT64_C(1000000000) / rate_bps;
    uint64_t packets = 10000 * MS / pause_ns;
    *acks = 0;
    for (uint64_t i = 0; i < packets; i++) {
        uint64_t now = i * pause_ns;
        while (ack.due_ns < now) { /* the pump wakes in between */
            uint64_t due = ack.due_ns;
            assert_true(ack_fill(&ack, due, &frame));
            ack_sent(&ack, due, 75);
            ++*acks;
        }
        ack_received(&ack, now, i + i / 20, 1500, true); /* one in 21 is missing */
    }
    *share = 75.0 * *acks / (1500.0 * (double)packets);
    ack_fini(&ack);
}

static void test_acks_of_bulk_stay_within_their_budget(void **state) {
    (void)state;
    const struct {
        uint64_t rate_bps;
        uint64_t rtt_ns;
        unsigned least;
        unsigned most;
        double share;
    } cases[] = {
        {10000 * 1000000ull, 600 * MS, 39000, 41000, 0.0003}, /* one in 250 us is enough */
        {1000 * 1000000ull, MS, 30000, 33600, 0.00202},       /* one for 25 packets */
        {100 * 1000000ull, 600 * MS, 3000, 3400, 0.00202},
        {30 * 1000000ull, 300 * MS, 1800, 2100, 0.0042},
        {2 * 1000000ull, 300 * MS, 300, 400, 0.012},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned acks;
        double share;
        feed(cases[i].rate_bps, cases[i].rtt_ns, &acks, &share);
        print_message("case %zu: %u acks, %.3f %%\n", i, acks, 100 * share);
        assert_in_range(acks, cases[i].least, cases[i].most);
        assert_true(share <= cases[i].share);
    }
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

/* An ack for each 20 packets of which every tenth is missing: what one says beyond what is new. */
static void test_arrivals_are_told_often_enough_and_no_longer(void **state) {
    (void)state;
    struct ack ack;
    struct frame_ack frame;
    assert_int_equal(ack_init(&ack, NULL), SATSYNC_OK);
    unsigned told[2000] = {0};
    unsigned long_acks = 0;
    for (uint64_t i = 0; i < 2000; i++) {
        if (i % 10 != 9) {
            ack_received(&ack, i * MS / 10, i, 1500, true);
        }
        if (i % 20 != 19) {
            continue;
        }
        assert_true(ack_fill(&ack, i * MS / 10, &frame));
        assert_true(frame.range_count > 0);
        long_acks += frame.range_count > 2 * (ACK_TOLD + 1);
        for (uint64_t number = 0; number <= i; number++) {
            for (size_t r = 0; r < frame.range_count; r++) {
                told[number] += number >= frame.ranges[r].from && number < frame.ranges[r].to;
            }
        }
        ack_sent(&ack, i * MS / 10, 75);
    }
    assert_in_range(long_acks, 1, 4);
    for (uint64_t i = 0; i < 1800; i++) {
        assert_in_range(told[i], i % 10 == 9 ? 0 : ACK_TOLD + 1, i % 10 == 9 ? 0 : 2 * ACK_TOLD);
    }
    ack_fini(&ack);
}

static void test_after_a_pause_all_is_told_again(void **state) {
    (void)state;
    struct ack ack;
    struct frame_ack frame;
    assert_int_equal(ack_init(&ack, NULL), SATSYNC_OK);
    for (uint64_t i = 0; i < 400; i += 2) {
        ack_received(&ack, i * MS, i, 1500, true);
        assert_true(ack_fill(&ack, i * MS, &frame));
        ack_sent(&ack, i * MS, 75);
    }
    ack_received(&ack, 400 * MS, 400, 1500, true);
    assert_true(ack_fill(&ack, 400 * MS, &frame));
    assert_int_equal(frame.range_count, ACK_TOLD + 1);
    ack_sent(&ack, 400 * MS, 75);
    ack_received(&ack, 1000 * MS, 402, 1500, true);
    assert_true(ack_fill(&ack, 1000 * MS, &frame));
    assert_int_equal(frame.range_count, FRAME_ACK_RANGES_MAX);
    ack_fini(&ack);
}

static void test_hurry_obeys_the_budget(void **state) {
    (void)state;
    struct ack ack;
    assert_int_equal(ack_init(&ack, NULL), SATSYNC_OK);
    ack_received(&ack, 0, 0, 100, true);
    ack_hurry(&ack, 1);
    assert_true(ack_is_due(&ack, 1));
    ack_sent(&ack, 1, 1000000);
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
        cmocka_unit_test(test_acks_of_bulk_stay_within_their_budget),
        cmocka_unit_test(test_ranges_are_newest_first_and_bounded),
        cmocka_unit_test(test_arrivals_are_told_often_enough_and_no_longer),
        cmocka_unit_test(test_after_a_pause_all_is_told_again),
        cmocka_unit_test(test_hurry_obeys_the_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
