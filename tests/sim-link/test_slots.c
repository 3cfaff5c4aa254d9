#include "sim-link/slots.h"

#include "support/cmocka.h"

static void test_slots_begin_at_phase_and_period(void **state) {
    (void)state;
    struct slots_options options = {.period_ns = 15, .phase_ns = 12};
    assert_int_equal(slots_index(&options, 0), 0);
    assert_int_equal(slots_index(&options, 11), 0);
    assert_int_equal(slots_index(&options, 12), 1);
    assert_int_equal(slots_index(&options, 26), 1);
    assert_int_equal(slots_index(&options, 27), 2);
    assert_int_equal(slots_end(&options, 0), 12);
    assert_int_equal(slots_end(&options, 12), 27);
}

static void test_z_is_constant_in_a_slot_and_correlates_between(void **state) {
    (void)state;
    struct slots_options options = {.period_ns = 10, .correlation_permille = 675};
    struct slots slots = slots_of(&options, 2, 2);
    int64_t before = slots_at(&slots, 0);
    int64_t products = 0;
    int64_t squares = 0;
    for (uint64_t slot = 1; slot < 200000; slot++) {
        int64_t z = slots_at(&slots, slot * 10);
        assert_int_equal(slots_at(&slots, slot * 10 + 9), z);
        products += z * before / 65536;
        squares += z * z / 65536;
        before = z;
    }
    assert_in_range(products * 1000 / squares, 665, 685);
    assert_in_range(squares / 200000, 64000, 67000);
}

static void test_two_walks_of_one_stream_agree(void **state) {
    (void)state;
    struct slots_options options = {.period_ns = 10, .correlation_permille = 500};
    struct slots a = slots_of(&options, 2, 2);
    struct slots b = slots_of(&options, 2, 2);
    for (uint64_t now_ns = 0; now_ns < 1000; now_ns += 10) {
        slots_at(&a, now_ns);
    }
    assert_int_equal(slots_at(&a, 990), slots_at(&b, 990));
}

static void test_quantiles_are_met_and_interpolated(void **state) {
    (void)state;
    static const struct quantile points[] = {{-65536, 100}, {0, 200}, {65536, 1200}};
    assert_int_equal(quantile_at(points, 3, -65536 * 5), 100);
    assert_int_equal(quantile_at(points, 3, -65536), 100);
    assert_int_equal(quantile_at(points, 3, -32768), 150);
    assert_int_equal(quantile_at(points, 3, 0), 200);
    assert_int_equal(quantile_at(points, 3, 32768), 700);
    assert_int_equal(quantile_at(points, 3, 65536 * 9), 1200);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slots_begin_at_phase_and_period),
        cmocka_unit_test(test_z_is_constant_in_a_slot_and_correlates_between),
        cmocka_unit_test(test_two_walks_of_one_stream_agree),
        cmocka_unit_test(test_quantiles_are_met_and_interpolated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
