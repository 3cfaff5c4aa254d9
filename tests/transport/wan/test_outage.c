#include "transport/wan/outage.h"

#include "base/timers.h"
#include "support/cmocka.h"

static const uint64_t MS = 1000000;

static void test_probes_slow_down_to_one_in_400_ms(void **state) {
    (void)state;
    struct outage outage;
    outage_init(&outage);
    outage_begin(&outage, 1000 * MS, 40 * MS, 100);
    assert_true(outage.frozen && outage.stops_new);
    uint64_t now = outage.probe_ns;
    assert_int_equal(now, 1000 * MS);
    uint64_t pause = 0;
    for (int i = 0; i < 30; i++) {
        outage_probed(&outage, now);
        assert_true(outage.probe_ns - now >= pause);
        pause = outage.probe_ns - now;
        now = outage.probe_ns;
    }
    assert_int_equal(pause, 400 * MS);
}

static void test_first_ack_thaws_and_marks_what_met_the_outage(void **state) {
    (void)state;
    struct outage outage;
    outage_init(&outage);
    assert_false(outage_heard(&outage, 100 * MS, 60 * MS));
    outage_begin(&outage, 200 * MS, 40 * MS, 100);
    assert_true(outage_heard(&outage, 500 * MS, 450 * MS));
    assert_false(outage.frozen);
    assert_true(outage.probe_ns == TIME_NEVER);
    assert_false(outage_met(&outage, 60 * MS));
    assert_true(outage_met(&outage, 61 * MS));
    assert_true(outage_met(&outage, 499 * MS));
    assert_false(outage_met(&outage, 500 * MS));
    assert_false(outage_heard(&outage, 510 * MS, 460 * MS));
    assert_int_equal(outage.count, 1);
}

static void test_few_packets_in_flight_stop_nothing(void **state) {
    (void)state;
    struct outage outage;
    outage_init(&outage);
    outage_begin(&outage, 200 * MS, 40 * MS, 2);
    assert_true(outage.frozen);
    assert_false(outage.stops_new);
    assert_int_equal(outage.count, 0);
}

static void test_silence_counts_from_the_first_packet_in_flight(void **state) {
    (void)state;
    struct outage outage;
    outage_init(&outage);
    struct rtt rtt;
    rtt_init(&rtt, 200 * MS);
    outage_sent(&outage, 100 * MS, &rtt, 0);
    outage_sent(&outage, 150 * MS, &rtt, 1);
    assert_int_equal(outage.quiet_ns, 100 * MS);
    (void)outage_heard(&outage, 160 * MS, 100 * MS);
    assert_int_equal(outage.quiet_ns, 160 * MS);
}

static void test_silence_with_little_in_flight_becomes_an_outage_to_the_eye(void **state) {
    (void)state;
    struct outage outage;
    outage_init(&outage);
    assert_false(outage_is_dark(&outage));
    outage_begin(&outage, 200 * MS, 40 * MS, 100);
    assert_true(outage_is_dark(&outage));
    outage_init(&outage);
    uint64_t now_ns = 200 * MS;
    outage_begin(&outage, now_ns, 40 * MS, 2);
    for (int probes = 0; now_ns < 1000 * MS; probes++) {
        assert_false(outage_is_dark(&outage));
        outage_probed(&outage, now_ns);
        now_ns = outage.probe_ns;
    }
    for (int probes = 0; probes < 3; probes++) {
        outage_probed(&outage, outage.probe_ns);
    }
    assert_true(outage_is_dark(&outage));
    (void)outage_heard(&outage, 5000 * MS, 4900 * MS);
    assert_false(outage_is_dark(&outage));
}

static void test_bulk_hushes_when_the_next_ack_is_late_and_not_before(void **state) {
    (void)state;
    struct outage outage;
    struct rtt rtt;
    outage_init(&outage);
    rtt_init(&rtt, 100 * MS);
    assert_false(outage_is_hushed(&outage, 5000 * MS, &rtt, 0, 100));
    rtt_sample(&rtt, 200 * MS, 0);
    /* The first acknowledgement is expected after two packets, whatever the round trip. */
    outage_sent(&outage, 600 * MS, &rtt, 0);
    assert_false(outage_is_hushed(&outage, 803 * MS, &rtt, 600 * MS, 100));
    assert_true(outage_is_hushed(&outage, 805 * MS, &rtt, 600 * MS, 100));
    (void)outage_heard(&outage, 800 * MS, 600 * MS);
    assert_int_equal(outage.pace_ns, 0);
    for (int i = 0; i < 100; i++) {
        rtt_sample(&rtt, 200 * MS, 0);
        (void)outage_heard(&outage, (1000 + (uint64_t)i * 10) * MS, (800 + (uint64_t)i * 10) * MS);
    }
    /* The last came at 1990, one every 10. */
    assert_false(outage_is_hushed(&outage, 2009 * MS, &rtt, 1795 * MS, 100));
    assert_true(outage_is_hushed(&outage, 2011 * MS, &rtt, 1795 * MS, 100));
    /* A lost packet of long ago says nothing of those that left after a pause. */
    outage_sent(&outage, 4000 * MS, &rtt, 7);
    assert_false(outage_is_hushed(&outage, 4100 * MS, &rtt, 1790 * MS, 100));
    assert_true(outage_is_hushed(&outage, 4220 * MS, &rtt, 1790 * MS, 100));
    (void)outage_heard(&outage, 4220 * MS, 4000 * MS);
    outage.quiet_ns = 1990 * MS;
    /* But many that are open may be those of a peer that died: a repetition hushes nothing less. */
    outage_sent(&outage, 4500 * MS, &rtt, 8);
    assert_true(outage_is_hushed(&outage, 4501 * MS, &rtt, 1790 * MS, 100));
    /* Few packets in flight, or ones that left too late to be acknowledged yet, say nothing. */
    assert_false(outage_is_hushed(&outage, 2015 * MS, &rtt, 1790 * MS, 7));
    assert_false(outage_is_hushed(&outage, 2100 * MS, &rtt, 1900 * MS, 100));
    (void)outage_heard(&outage, 2016 * MS, 1800 * MS);
    assert_false(outage_is_hushed(&outage, 2016 * MS, &rtt, 1790 * MS, 100));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_probes_slow_down_to_one_in_400_ms),
        cmocka_unit_test(test_first_ack_thaws_and_marks_what_met_the_outage),
        cmocka_unit_test(test_few_packets_in_flight_stop_nothing),
        cmocka_unit_test(test_silence_with_little_in_flight_becomes_an_outage_to_the_eye),
        cmocka_unit_test(test_bulk_hushes_when_the_next_ack_is_late_and_not_before),
        cmocka_unit_test(test_silence_counts_from_the_first_packet_in_flight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
