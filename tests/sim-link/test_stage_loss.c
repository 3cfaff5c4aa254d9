#include "sim-link/stage_loss.h"

#include "support/chain.h"
#include "support/cmocka.h"

static struct chain lose(const struct stage_loss_options *given, uint64_t count, uint64_t step_ns) {
    struct stage_loss_options options = *given;
    options.chance = random_of(3, 1);
    options.state = random_of(3, 2);
    struct chain chain;
    chain_init(&chain, stage_loss_new(&options, NULL), 0);
    for (uint64_t i = 0; i < count; i++) {
        chain_push(&chain, i * step_ns, 100);
    }
    return chain;
}

/* Within `permille` of `expected`. */
static void assert_near(uint64_t value, uint64_t expected, uint64_t permille) {
    uint64_t error = value > expected ? value - expected : expected - value;
    if (error * 1000 > expected * permille) {
        fail_msg("%llu is not near %llu", (unsigned long long)value, (unsigned long long)expected);
    }
}

static void test_independent_loss_has_its_rate_and_no_bursts(void **state) {
    (void)state;
    struct stage_loss_options options = {.loss_ppb = 50000000};
    struct chain chain = lose(&options, 2000000, 1);
    assert_near(chain.dropped[DROP_LOSS], 100000, 15);
    /* Runs of mean length 1 / (1 - p). */
    assert_near(chain.runs, 95000, 15);
    chain_fini(&chain);
}

static void test_no_loss_and_total_loss_are_exact(void **state) {
    (void)state;
    struct stage_loss_options none = {.loss_ppb = 0};
    struct stage_loss_options all = {.loss_ppb = 1000000000};
    struct chain chain = lose(&none, 10000, 1);
    assert_int_equal(chain.delivered, 10000);
    chain_fini(&chain);
    chain = lose(&all, 10000, 1);
    assert_int_equal(chain.delivered, 0);
    chain_fini(&chain);
}

/* Stationary loss enter / (enter + leave), mean burst 1 / leave. */
static void test_gilbert_elliott_by_packet_has_its_loss_and_burst(void **state) {
    (void)state;
    struct stage_loss_options options = {
        .bad_loss_ppb = 1000000000, .enter_ppb = 5000000, .leave_ppb = 50000000};
    struct chain chain = lose(&options, 5000000, 1);
    assert_near(chain.dropped[DROP_LOSS], 454545, 30);
    assert_near(chain.dropped[DROP_LOSS] * 1000 / chain.runs, 20000, 25);
    chain_fini(&chain);
}

static void test_gilbert_elliott_in_time_ignores_the_sending_rate(void **state) {
    (void)state;
    struct stage_loss_options options = {
        .bad_loss_ppb = 1000000000, .good_ns = 10000000, .bad_ns = 1000000};
    for (uint64_t step_ns = 20000; step_ns <= 80000; step_ns *= 2) {
        struct chain chain = lose(&options, 400000000000 / step_ns, step_ns);
        assert_near(chain.dropped[DROP_LOSS] * 1000000 / chain.entered, 90909, 30);
        chain_fini(&chain);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_independent_loss_has_its_rate_and_no_bursts),
        cmocka_unit_test(test_no_loss_and_total_loss_are_exact),
        cmocka_unit_test(test_gilbert_elliott_by_packet_has_its_loss_and_burst),
        cmocka_unit_test(test_gilbert_elliott_in_time_ignores_the_sending_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
