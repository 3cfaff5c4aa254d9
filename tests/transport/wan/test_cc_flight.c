#include "support/cmocka.h"
#include "transport/wan/cc.h"

static bool tell(struct cc_flight *flight, uint64_t delivered, uint64_t lost, uint64_t in_flight,
                 uint64_t *acked) {
    const struct cc_ack ack = {.delivered = delivered, .lost = lost, .in_flight = in_flight};
    return cc_flight_acked(flight, &ack, acked);
}

static void test_losses_of_one_flight_are_told_once(void **state) {
    (void)state;
    struct cc_flight flight = {0};
    uint64_t acked;
    assert_false(tell(&flight, 1000, 0, 5000, &acked));
    assert_int_equal(acked, 1000);
    assert_true(tell(&flight, 2000, 100, 5000, &acked));
    /* What was in flight then. */
    assert_false(tell(&flight, 4000, 300, 5000, &acked));
    assert_int_equal(acked, 2000);
    assert_false(tell(&flight, 6999, 400, 5000, &acked));
    /* The next one. */
    assert_true(tell(&flight, 7000, 500, 5000, &acked));
}

static void test_no_loss_is_no_loss_in_any_flight(void **state) {
    (void)state;
    struct cc_flight flight = {0};
    uint64_t acked;
    assert_true(tell(&flight, 1000, 100, 0, &acked));
    assert_false(tell(&flight, 90000, 100, 0, &acked));
    assert_int_equal(acked, 89000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_losses_of_one_flight_are_told_once),
        cmocka_unit_test(test_no_loss_is_no_loss_in_any_flight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
