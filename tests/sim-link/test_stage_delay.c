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
    struct path_slots_options way = {
        .slots = slots, .quantiles = points, .quantile_count = 2, .seed = 1, .stream = 1};
    struct stage_delay_options options = {.delay_ns = 5, .path = path_slots_new(&way, NULL)};
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

static void test_packets_are_dropped_while_there_is_no_way(void **state) {
    (void)state;
    size_t count;
    struct path_orbit_options way = {.router = {.constellation = constellation_list(&count),
                                                .from = &place_list(&count)[0],
                                                .to = &place_list(&count)[2],
                                                .via = ROUTE_BENT},
                                     .period_ns = 15000000000};
    struct stage_delay_options options = {.path = path_orbit_new(&way, NULL)};
    struct chain chain;
    chain_init(&chain, stage_delay_new(&options, NULL), 1);
    chain_push(&chain, 100, 100);
    assert_int_equal(chain.dropped[DROP_ROUTE], 1);
    chain_fini(&chain);
}

static void test_the_constant_part_can_be_changed(void **state) {
    (void)state;
    struct stage_delay_options options = {.delay_ns = 10};
    struct chain chain;
    chain_init(&chain, stage_delay_new(&options, NULL), 2);
    stage_delay_set(chain.stage, 30);
    chain_push(&chain, 0, 100);
    chain_run(&chain, TIME_NEVER - 1);
    assert_int_equal(chain.out[0].time_ns, 30);
    chain_fini(&chain);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packets_are_dropped_while_there_is_no_way),
        cmocka_unit_test(test_the_constant_part_can_be_changed),
        cmocka_unit_test(test_each_packet_is_late_by_the_delay),
        cmocka_unit_test(test_slots_move_the_delay_and_keep_the_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
