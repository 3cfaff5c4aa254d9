#include "transport/wan/pacer.h"

#include "support/cmocka.h"

static const uint64_t START = 5000000000;

/* Bytes that leave within a second when the pacer is asked every `step_ns`. */
static uint64_t bytes_in_a_second(uint64_t rate_bps, uint64_t step_ns) {
    struct pacer pacer;
    pacer_init(&pacer);
    uint64_t bytes = 0;
    for (uint64_t now = START; now < START + 1000000000; now += step_ns) {
        while (pacer_is_open(&pacer, now)) {
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
    assert_false(pacer_is_open(&pacer, now));
}

static void test_a_late_caller_catches_up_two_milliseconds(void **state) {
    (void)state;
    struct pacer pacer;
    pacer_init(&pacer);
    pacer_sent(&pacer, START, 1500, 12000000);
    uint64_t now = START + 1000000000;
    int burst = 0;
    for (; pacer_is_open(&pacer, now); burst++) {
        pacer_sent(&pacer, now, 1500, 12000000);
    }
    assert_int_equal(burst, 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rate_is_kept_whatever_the_callers_step),
        cmocka_unit_test(test_idle_time_is_not_saved_up),
        cmocka_unit_test(test_a_late_caller_catches_up_two_milliseconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
