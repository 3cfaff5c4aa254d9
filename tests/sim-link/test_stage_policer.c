#include "sim-link/stage_policer.h"

#include "base/random.h"
#include "support/chain.h"
#include "support/cmocka.h"

static void test_a_burst_passes_and_then_the_rate(void **state) {
    (void)state;
    /* A byte each microsecond. */
    struct stage_policer_options options = {.rate_bps = 8000000, .burst_bytes = 3000};
    struct chain chain;
    chain_init(&chain, stage_policer_new(&options, NULL), 100);
    for (int i = 0; i < 4; i++) {
        chain_push(&chain, 0, 1000);
    }
    assert_int_equal(chain.delivered, 3);
    chain_push(&chain, 999999, 1000);
    assert_int_equal(chain.delivered, 3);
    chain_push(&chain, 1000000, 1000);
    assert_int_equal(chain.delivered, 4);
    assert_int_equal(chain.dropped[DROP_POLICER], 2);
    /* Ten milliseconds would be 10000 bytes; the bucket holds 3000. */
    for (int i = 0; i < 4; i++) {
        chain_push(&chain, 11000000, 1000);
    }
    assert_int_equal(chain.delivered, 7);
    chain_fini(&chain);
}

/* In any window no more passes than burst + rate * window, to the byte. */
static void test_no_window_holds_more_than_burst_and_rate(void **state) {
    (void)state;
    struct stage_policer_options options = {.rate_bps = 99999989, .burst_bytes = 20000};
    struct chain chain;
    chain_init(&chain, stage_policer_new(&options, NULL), 0);
    struct random random = random_of(3, 3);
    uint64_t now_ns = 0;
    uint64_t passed_bytes = 0;
    for (int i = 0; i < 200000; i++) {
        uint32_t bytes = 40 + (uint32_t)random_below(&random, 1461);
        uint64_t before = chain.delivered;
        now_ns += random_below(&random, 110000);
        chain_push(&chain, now_ns, bytes);
        passed_bytes += chain.delivered > before ? bytes : 0;
        assert_true(passed_bytes * 8 <= 20000 * 8 + now_ns * 99999989ull / 1000000000u);
    }
    /* It was asked for more, and gave nearly all it may. */
    assert_true(chain.dropped[DROP_POLICER] > 1000);
    assert_true(passed_bytes * 8 * 100 > now_ns / 1000 * 99999989ull / 1000000u * 98);
    chain_fini(&chain);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_burst_passes_and_then_the_rate),
        cmocka_unit_test(test_no_window_holds_more_than_burst_and_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
