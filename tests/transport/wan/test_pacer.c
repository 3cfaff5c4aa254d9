#include "transport/wan/pacer.h"

#include "support/cmocka.h"

static const uint64_t START = 5000000000;
static const uint64_t BURST = 500000;

/* Bytes that leave within a second when the pacer is asked every `step_ns`. */
static uint64_t bytes_in_a_second(uint64_t rate_bps, uint64_t step_ns) {
    struct pacer pacer;
    pacer_init(&pacer);
    uint64_t bytes = 0;
    for (uint64_t now = START; now < START + 1000000000; now += step_ns) {
        while (pacer_is_open(&pacer, now, BURST)) {
            pacer_sent(&pacer, now, 1500, rate_bps);
            bytes += 1500;
        }
    }
    return bytes;
}

static void test_rate_is_kept_whatever_the_callers_step(void **state) {
    (void)state;
    static const uint64_t rates[] = {1000000, 99999999, 1000000000, 4000000007};
    static const uint64_t steps[] = {1000, 50000, 1000000};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        for (size_t j = 0; j < sizeof steps / sizeof steps[0]; j++) {
            uint64_t want = rates[i] / 8;
            /* Half a millisecond ahead, and one datagram. */
            assert_in_range(bytes_in_a_second(rates[i], steps[j]), want - want / 900 - 1500,
                            want + want / 1900 + 3000);
        }
    }
}

static void test_idle_time_is_not_saved_up(void **state) {
    (void)state;
    struct pacer pacer;
    pacer_init(&pacer);
    pacer_sent(&pacer, START, 1500, 12000000); /* a datagram a millisecond */
    pacer_rest(&pacer);
    uint64_t now = START + 1000000000;
    pacer_sent(&pacer, now, 1500, 12000000);
    assert_int_equal(pacer_opens_at(&pacer), now + 1000000);
    assert_false(pacer_is_open(&pacer, now, BURST));
}

static void test_a_late_caller_catches_up_two_milliseconds(void **state) {
    (void)state;
    struct pacer pacer;
    pacer_init(&pacer);
    pacer_sent(&pacer, START, 1500, 12000000);
    uint64_t now = START + 1000000000;
    int burst = 0;
    for (; pacer_is_open(&pacer, now, BURST); burst++) {
        pacer_sent(&pacer, now, 1500, 12000000);
    }
    assert_int_equal(burst, 3);
}

static void test_bursts_stay_whole_however_often_it_is_asked(void **state) {
    (void)state;
    struct pacer pacer;
    pacer_init(&pacer);
    int bursts = 0;
    uint64_t last = 0;
    for (uint64_t now = START; now < START + 1000000000; now += 100000) {
        while (pacer_is_open(&pacer, now, 10000000)) {
            bursts += now != last; /* the time of the first of a burst */
            last = now;
            pacer_sent(&pacer, now, 1500, 12000000);
        }
    }
    assert_in_range(bursts, 80, 100); /* of eleven datagrams or so, one a millisecond */
}

static void test_a_higher_rate_shortens_what_was_waited_for(void **state) {
    (void)state;
    struct pacer pacer;
    pacer_init(&pacer);
    for (int i = 0; i < 40; i++) {
        pacer_sent(&pacer, START, 1500, 12000000);
    }
    assert_int_equal(pacer_opens_at(&pacer), START + 40000000);
    pacer_set_rate(&pacer, START + 10000000, 120000000);
    assert_int_equal(pacer_opens_at(&pacer), START + 13000000);
    pacer_set_rate(&pacer, START + 20000000, 12000000); /* nothing is waited for any more */
    assert_int_equal(pacer_opens_at(&pacer), START + 13000000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rate_is_kept_whatever_the_callers_step),
        cmocka_unit_test(test_idle_time_is_not_saved_up),
        cmocka_unit_test(test_bursts_stay_whole_however_often_it_is_asked),
        cmocka_unit_test(test_a_higher_rate_shortens_what_was_waited_for),
        cmocka_unit_test(test_a_late_caller_catches_up_two_milliseconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
