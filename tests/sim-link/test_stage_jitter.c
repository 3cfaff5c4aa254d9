#include "sim-link/stage_jitter.h"

#include "support/chain.h"
#include "support/cmocka.h"

static void test_jitter_keeps_order_and_bounds(void **state) {
    (void)state;
    for (uint64_t step_ns = 1000; step_ns <= 10000000; step_ns *= 100) {
        struct stage_jitter_options options = {.jitter_ns = 30000000, .seed = 4, .stream = 9};
        struct chain chain;
        chain_init(&chain, stage_jitter_new(&options, NULL), 20000);
        for (uint64_t i = 0; i < 20000; i++) {
            chain_push(&chain, i * step_ns, 100);
        }
        chain_run(&chain, TIME_NEVER - 1);
        /* Exactly what the function of time says, but never before the packet ahead. */
        uint64_t due_ns = 0;
        for (uint64_t i = 0; i < 20000; i++) {
            uint64_t alone_ns = i * step_ns + stage_jitter_at(&options, i * step_ns);
            due_ns = alone_ns > due_ns ? alone_ns : due_ns;
            assert_int_equal(chain.out[i].number, i);
            assert_int_equal(chain.out[i].time_ns, due_ns);
            assert_true(due_ns <= i * step_ns + 30000000);
        }
        chain_fini(&chain);
    }
}

static void test_jitter_wanders_over_its_whole_range(void **state) {
    (void)state;
    struct stage_jitter_options options = {.jitter_ns = 1000000, .seed = 4, .stream = 9};
    uint64_t low = UINT64_MAX;
    uint64_t high = 0;
    uint64_t moved = 0;
    uint64_t before = stage_jitter_at(&options, 0);
    for (uint64_t i = 1; i < 10000; i++) {
        uint64_t now = stage_jitter_at(&options, i * 10000000);
        low = now < low ? now : low;
        high = now > high ? now : high;
        moved += now > before ? now - before : before - now;
        before = now;
    }
    assert_true(low < 10000 && high > 990000);
    /* Independent uniform knots differ by a third of the range in the mean. */
    assert_true(moved / 9999 > 320000 && moved / 9999 < 347000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jitter_keeps_order_and_bounds),
        cmocka_unit_test(test_jitter_wanders_over_its_whole_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
