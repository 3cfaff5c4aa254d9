#include "support/cmocka.h"
#include "transport/wan/cc.h"

static const uint64_t MS = 1000000;

static void test_rate_stays_and_window_holds_two_round_trips(void **state) {
    (void)state;
    struct cc cc;
    struct rtt rtt;
    cc_rated_init(&cc, 100000000);
    rtt_init(&rtt, 600 * MS);
    rtt_sample(&rtt, 600 * MS, 0);
    struct cc_ack ack = {.now_ns = 1, .arrival.rate_bps = 1000};
    cc.ops->acked(&cc, &ack, &rtt);
    assert_int_equal(cc.ops->rate_bps(&cc), 100000000);
    assert_in_range(cc.ops->window_bytes(&cc, &rtt), 15000000, 18000000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rate_stays_and_window_holds_two_round_trips),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
