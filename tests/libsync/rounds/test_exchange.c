#include "rounds/exchange.h"
#include "support/cmocka.h"

#include <math.h>
#include <string.h>

#define MS UINT64_C(1000000)

/* 16.8 MB of contributions over 100 Mbit/s a site. */
static struct exchange_terms terms_of(size_t sites, enum quantise_codec codec, uint64_t delay_ns) {
    struct exchange_terms terms = {
        .sites = sites, .codec = codec, .site_bps = 100000000, .delay_ns = delay_ns};
    terms.elements = UINT64_C(16800000) * 256 / quantise_bytes(codec, 256);
    return terms;
}

static void test_the_cheaper_is_chosen_and_named(void **state) {
    (void)state;
    struct exchange_terms terms = terms_of(3, QUANTISE_FP32, 100 * MS);
    assert_string_equal(exchange_name(exchange_choose(&terms)), "owner-reduce");
    terms = terms_of(3, QUANTISE_INT8, 100 * MS); /* sums are four times a contribution */
    assert_string_equal(exchange_name(exchange_choose(&terms)), "all-gather");
    terms = terms_of(8, QUANTISE_INT8, 100 * MS); /* but one stands for seven */
    assert_int_equal(exchange_choose(&terms), ROUNDS_OWNER_REDUCE);
    terms = terms_of(3, QUANTISE_FP32, 100 * MS);
    terms.elements = 1000; /* the delay is all that it costs */
    assert_int_equal(exchange_choose(&terms), ROUNDS_ALL_GATHER);
    terms = terms_of(2, QUANTISE_FP32, 100 * MS);
    assert_int_equal(exchange_choose(&terms), ROUNDS_ALL_GATHER);
    terms = terms_of(3, QUANTISE_FP32, 100 * MS);
    terms.site_bps = 0;
    assert_int_equal(exchange_choose(&terms), ROUNDS_ALL_GATHER);
}

static void test_times_are_those_of_the_formulas(void **state) {
    (void)state;
    struct exchange_terms terms = terms_of(3, QUANTISE_FP32, 0);
    double v_s = 8.0 * 16800000 / 100e6;
    assert_true(fabs((double)exchange_time_ns(&terms, ROUNDS_ALL_GATHER) / 1e9 - 2 * v_s) < 1e-6);
    assert_true(fabs((double)exchange_time_ns(&terms, ROUNDS_OWNER_REDUCE) / 1e9 - 4 * v_s / 3) <
                1e-6);
}

/* What is less at the leader's links takes as long as the two delays that it waits longer. */
static void test_the_leaders_share_makes_up_for_its_delay(void **state) {
    (void)state;
    struct exchange_terms terms = terms_of(3, QUANTISE_FP32, 0);
    assert_true(fabs(exchange_lead_share(&terms) - 1.0 / 3) < 1e-9);
    terms.delay_ns = 300 * MS;
    double lead = exchange_lead_share(&terms), other = (1 - lead) / 2, v_s = 8.0 * 16800000 / 50e6;
    assert_true(fabs((other + other) * v_s + 0.6 - ((lead + other) * v_s + 1.2)) < 1e-6);
    terms.delay_ns = 60000 * MS;
    assert_true(exchange_lead_share(&terms) == 0);
}

static void test_shares_are_blocks_and_all_of_the_fragment(void **state) {
    (void)state;
    for (size_t sites = 2; sites <= ROUNDS_SITES_MAX; sites++) {
        for (size_t lead = 0; lead <= sites; lead++) {
            for (uint64_t elements = 1; elements < 100000; elements = elements * 3 + 1) {
                const struct exchange_shares shares = {sites, lead, 0.5 / (double)sites};
                uint64_t done = 0;
                for (size_t i = 0; i < sites; i++) {
                    struct exchange_run run = exchange_run_of(&shares, i, elements);
                    assert_int_equal(run.start, done);
                    assert_int_equal(run.start % QUANTISE_BLOCK, 0);
                    done += run.elements;
                }
                assert_int_equal(done, elements);
            }
        }
    }
    const struct exchange_shares shares = {3, 1, 0.1};
    assert_true(exchange_run_of(&shares, 0, 1000000).elements > 440000);
    assert_true(exchange_run_of(&shares, 1, 1000000).elements < 101000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_cheaper_is_chosen_and_named),
        cmocka_unit_test(test_times_are_those_of_the_formulas),
        cmocka_unit_test(test_the_leaders_share_makes_up_for_its_delay),
        cmocka_unit_test(test_shares_are_blocks_and_all_of_the_fragment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
