#include "sim-link/stage_rate.h"

#include "base/random.h"
#include "base/wide.h"
#include "sim-link/fixed.h"
#include "support/chain.h"
#include "support/cmocka.h"

static uint64_t ceiling(uint64_t count, uint64_t bytes, uint64_t rate_bps) {
    uint128 work = (uint128)count * bytes * 8 * 1000000000u;
    return (uint64_t)((work + rate_bps - 1) / rate_bps);
}

static void test_back_to_back_packets_never_drift(void **state) {
    (void)state;
    const uint64_t rates[] = {1, 3000000, 99999989, 1000000007, 400000000000};
    for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
        struct stage_rate_options options = {.rate_bps = rates[r]};
        struct chain chain;
        chain_init(&chain, stage_rate_new(&options, NULL), 0);
        /* At 1 bit/s more would pass the end of 64-bit time. */
        uint64_t count = rates[r] == 1 ? 1000 : 1200000;
        for (uint64_t i = 1; i <= count; i++) {
            chain_push(&chain, chain.last_ns, 1500);
            if (chain.stage->held < 3 && i < count) {
                continue;
            }
            chain_run(&chain, chain.stage->next_ns);
            assert_int_equal(chain.last_ns, ceiling(chain.delivered, 1500, rates[r]));
        }
        chain_run(&chain, TIME_NEVER - 1);
        assert_int_equal(chain.last_ns, ceiling(count, 1500, rates[r]));
        chain_fini(&chain);
    }
}

static void test_an_idle_transmitter_starts_anew(void **state) {
    (void)state;
    struct stage_rate_options options = {.rate_bps = 8000000};
    struct chain chain;
    chain_init(&chain, stage_rate_new(&options, NULL), 2);
    chain_push(&chain, 10, 1000);
    chain_push(&chain, 5000000, 1000);
    chain_run(&chain, TIME_NEVER - 1);
    assert_int_equal(chain.out[0].time_ns, 10 + 1000000);
    assert_int_equal(chain.out[1].time_ns, 6000000);
    chain_fini(&chain);
}

/* Mean wait of M/D/1 is rho * S / (2 * (1 - rho)) (Pollaczek 1930, Khinchine 1932). */
static void test_random_arrivals_wait_as_in_m_d_1(void **state) {
    (void)state;
    const uint64_t service_ns = 1000000;
    for (uint64_t percent = 30; percent <= 80; percent += 25) {
        struct stage_rate_options options = {.rate_bps = 8000000};
        struct chain chain;
        uint64_t count = 1000000;
        chain_init(&chain, stage_rate_new(&options, NULL), count);
        struct random random = random_of(7, percent);
        uint64_t *arrived_ns = memory_new(NULL, count, sizeof *arrived_ns);
        uint64_t now_ns = 0;
        for (uint64_t i = 0; i < count; i++) {
            now_ns += draw_exponential(&random, service_ns * 100 / percent);
            arrived_ns[i] = now_ns;
            chain_push(&chain, now_ns, 1000);
        }
        chain_run(&chain, TIME_NEVER - 1);
        uint64_t waited_ns = 0;
        for (uint64_t i = 0; i < count; i++) {
            waited_ns += chain.out[i].time_ns - arrived_ns[i] - service_ns;
        }
        uint64_t mean_ns = waited_ns / count;
        uint64_t theory_ns = percent * service_ns / (2 * (100 - percent));
        uint64_t error_ns = mean_ns > theory_ns ? mean_ns - theory_ns : theory_ns - mean_ns;
        assert_true(error_ns * 100 <= theory_ns);
        memory_free(NULL, arrived_ns);
        chain_fini(&chain);
    }
}

static void test_a_full_queue_drops_its_tail(void **state) {
    (void)state;
    const struct stage_rate_options cases[] = {
        {.rate_bps = 8000000, .queue = {.limit_packets = 5}},
        {.rate_bps = 8000000, .queue = {.limit_bytes = 5000}},
        {.rate_bps = 8000000, .queue = {.limit_ns = 4000000}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct chain chain;
        chain_init(&chain, stage_rate_new(&cases[i], NULL), 5);
        for (int n = 0; n < 8; n++) {
            chain_push(&chain, 0, 1000);
        }
        assert_int_equal(chain.dropped[DROP_QUEUE], 3);
        chain_run(&chain, 1000000);
        chain_push(&chain, 1000000, 1000);
        assert_int_equal(chain.dropped[DROP_QUEUE], 3);
        chain_run(&chain, TIME_NEVER - 1);
        assert_int_equal(chain.delivered, 6);
        chain_fini(&chain);
    }
}

static void test_the_rate_changes_with_the_slot_only(void **state) {
    (void)state;
    struct slots_options slots = {.period_ns = 1000000000, .correlation_permille = 0};
    struct stage_rate_options options = {
        .rate_bps = 8000000, .spread_q16 = 17805, .slots = slots_of(&slots, 5, 5)};
    struct chain chain;
    chain_init(&chain, stage_rate_new(&options, NULL), 60000);
    for (int i = 0; i < 60000; i++) {
        chain_push(&chain, 0, 100);
    }
    chain_run(&chain, TIME_NEVER - 1);
    unsigned changes = 0;
    for (int i = 2; i < 60000; i++) {
        uint64_t step_ns = chain.out[i].time_ns - chain.out[i - 1].time_ns;
        uint64_t before_ns = chain.out[i - 1].time_ns - chain.out[i - 2].time_ns;
        bool boundary =
            chain.out[i - 1].time_ns / 1000000000 != chain.out[i - 2].time_ns / 1000000000;
        if (!boundary) {
            assert_true(step_ns + 1 >= before_ns && step_ns <= before_ns + 1);
        }
        changes += boundary;
    }
    assert_true(changes >= 3);
    chain_fini(&chain);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_back_to_back_packets_never_drift),
        cmocka_unit_test(test_an_idle_transmitter_starts_anew),
        cmocka_unit_test(test_random_arrivals_wait_as_in_m_d_1),
        cmocka_unit_test(test_a_full_queue_drops_its_tail),
        cmocka_unit_test(test_the_rate_changes_with_the_slot_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
