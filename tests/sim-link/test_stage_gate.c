#include "sim-link/stage_gate.h"

#include "support/chain.h"
#include "support/cmocka.h"

static struct chain open_gate(struct gate_schedule schedule) {
    struct stage_gate_options options = {.schedules = {schedule}, .random = random_of(1, 1)};
    struct chain chain;
    chain_init(&chain, stage_gate_new(&options, NULL), 2000);
    return chain;
}

static void test_it_drops_then_holds_then_releases_together(void **state) {
    (void)state;
    struct chain chain = open_gate(
        (struct gate_schedule){.period_ns = 1000, .phase_ns = 200, .drop_ns = 50, .hold_ns = 20});
    for (uint64_t now_ns = 0; now_ns < 2000; now_ns++) {
        chain_push(&chain, now_ns, 100);
    }
    chain_run(&chain, TIME_NEVER - 1);
    assert_int_equal(chain.dropped[DROP_GATE], 100);
    assert_int_equal(chain.delivered, 1900);
    unsigned together[2] = {0, 0};
    for (uint64_t i = 0; i < chain.delivered; i++) {
        uint64_t sent_ns = chain.out[i].number;
        uint64_t phase_ns = sent_ns % 1000;
        bool held = phase_ns >= 250 && phase_ns < 270;
        assert_int_equal(chain.out[i].time_ns, held ? sent_ns - phase_ns + 270 : sent_ns);
        together[sent_ns / 1000] += held;
    }
    assert_int_equal(together[0], 20);
    assert_int_equal(together[1], 20);
    chain_fini(&chain);
}

static void test_it_ends_after_its_count(void **state) {
    (void)state;
    struct chain chain = open_gate(
        (struct gate_schedule){.period_ns = 100, .phase_ns = 0, .drop_ns = 10, .count = 2});
    for (uint64_t now_ns = 0; now_ns < 1000; now_ns++) {
        chain_push(&chain, now_ns, 100);
    }
    assert_int_equal(chain.dropped[DROP_GATE], 20);
    chain_fini(&chain);
}

static void test_by_hand_it_drops_until_its_time_or_until_opened(void **state) {
    (void)state;
    struct chain chain = open_gate((struct gate_schedule){.period_ns = 0});
    stage_gate_shut(chain.stage, 10);
    chain_push(&chain, 9, 1);
    chain_push(&chain, 10, 1);
    assert_int_equal(chain.delivered, 1);
    stage_gate_shut(chain.stage, TIME_NEVER);
    chain_push(&chain, 1000000, 1);
    stage_gate_shut(chain.stage, 0);
    chain_push(&chain, 1000000, 1);
    assert_int_equal(chain.delivered, 2);
    assert_int_equal(chain.dropped[DROP_GATE], 2);
    chain_fini(&chain);
}

static void test_holds_spread_around_their_median(void **state) {
    (void)state;
    struct chain chain = open_gate(
        (struct gate_schedule){.period_ns = 1000000, .hold_ns = 10000, .hold_spread_q16 = 22980});
    unsigned longer = 0;
    for (uint64_t i = 0; i < 1000; i++) {
        chain_push(&chain, i * 1000000, 1);
        chain_run(&chain, i * 1000000 + 999999);
        uint64_t held_ns = chain.last_ns - i * 1000000;
        assert_true(held_ns > 1000 && held_ns < 100000);
        longer += held_ns > 10000;
    }
    assert_true(longer > 430 && longer < 570);
    chain_fini(&chain);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_drops_then_holds_then_releases_together),
        cmocka_unit_test(test_it_ends_after_its_count),
        cmocka_unit_test(test_by_hand_it_drops_until_its_time_or_until_opened),
        cmocka_unit_test(test_holds_spread_around_their_median),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
