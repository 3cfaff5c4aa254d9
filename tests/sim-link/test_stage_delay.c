#include "sim-link/stage_delay.h"

#include "support/chain.h"
#include "support/cmocka.h"

static void test_each_packet_is_late_by_the_delay(void **state) {
    (void)state;
    struct stage_delay_options options = {.delay_ns = 777};
    struct chain chain;
    chain_init(&chain, stage_delay_new(&options, NULL), 100);
    for (uint64_t i = 0; i < 100; i++) {
        chain_push(&chain, i * 13, 100);
    }
    chain_run(&chain, TIME_NEVER - 1);
    for (uint64_t i = 0; i < 100; i++) {
        assert_int_equal(chain.out[i].number, i);
        assert_int_equal(chain.out[i].time_ns, i * 13 + 777);
    }
    chain_fini(&chain);
}

static void test_slots_move_the_delay_and_keep_the_order(void **state) {
    (void)state;
    static const struct quantile points[] = {{-131072, 1000000}, {131072, 9000000}};
    struct slots_options slots = {.period_ns = 20000000, .correlation_permille = 500};
    struct stage_delay_options options = {.delay_ns = 5,
                                          .quantiles = points,
                                          .quantile_count = 2,
                                          .slots = slots_of(&slots, 1, 1),
                                          .share_permille = 500};
    struct chain chain;
    chain_init(&chain, stage_delay_new(&options, NULL), 4000);
    for (uint64_t i = 0; i < 4000; i++) {
        chain_push(&chain, i * 100000, 100);
    }
    chain_run(&chain, TIME_NEVER - 1);
    unsigned moved = 0;
    for (uint64_t i = 1; i < 4000; i++) {
        uint64_t delay_ns = chain.out[i].time_ns - i * 100000;
        assert_int_equal(chain.out[i].number, i);
        assert_true(delay_ns >= 500005 && delay_ns <= 4500005);
        moved += delay_ns != chain.out[i - 1].time_ns - (i - 1) * 100000;
    }
    assert_true(moved >= 15);
    chain_fini(&chain);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_packet_is_late_by_the_delay),
        cmocka_unit_test(test_slots_move_the_delay_and_keep_the_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
