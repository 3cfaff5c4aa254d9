#include "transport/wan/flow.h"

#include "support/cmocka.h"

static void test_the_last_of_the_credit_is_for_higher_classes(void **state) {
    (void)state;
    struct flow_out flow = {.limit = 10 << 20, .sent = 8 << 20};
    assert_false(flow_may_send(&flow, LINK_CHECKPOINT, 1));
    assert_true(flow_may_send(&flow, LINK_GRADIENT, 1 << 20));
    assert_false(flow_may_send(&flow, LINK_GRADIENT, (1 << 20) + 1));
    assert_true(flow_may_send(&flow, LINK_CONTROL, 2 << 20));
    assert_false(flow_may_send(&flow, LINK_CONTROL, (2 << 20) + 1));
}

static void test_limits_only_grow(void **state) {
    (void)state;
    struct flow_out flow = {.limit = 100};
    flow_raise(&flow, 50);
    assert_int_equal(flow.limit, 100);
    flow_raise(&flow, 150);
    assert_int_equal(flow.limit, 150);
}

static void test_an_eighth_of_the_window_is_news(void **state) {
    (void)state;
    struct flow_in flow = {.window = 800, .told = 800};
    flow.released = 99;
    assert_false(flow_is_news(&flow));
    flow.released = 100;
    assert_true(flow_is_news(&flow));
    assert_int_equal(flow_limit(&flow), 900);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_last_of_the_credit_is_for_higher_classes),
        cmocka_unit_test(test_limits_only_grow),
        cmocka_unit_test(test_an_eighth_of_the_window_is_news),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
