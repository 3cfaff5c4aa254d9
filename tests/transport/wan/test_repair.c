#include "transport/wan/repair.h"

#include "base/random.h"
#include "port/parity.h"
#include "support/cmocka.h"

static void test_blocks_cut_a_message_without_gap(void **state) {
    (void)state;
    static const uint64_t totals[] = {1, 1000, 1001, 192000, 192001, 1000000};
    for (size_t i = 0; i < sizeof totals / sizeof totals[0]; i++) {
        uint64_t symbols = repair_symbols_of(totals[i], 1000);
        assert_int_equal(symbols, (totals[i] + 999) / 1000);
        uint64_t seen = 0;
        for (uint64_t block = 0; seen < symbols; block++) {
            struct repair_block found = repair_block_of(block, symbols);
            assert_int_equal(found.first, seen);
            seen += found.count;
        }
        assert_int_equal(seen, symbols);
    }
    assert_true(REPAIR_BLOCK_SYMBOLS + REPAIR_SYMBOLS_MAX <= PARITY_SYMBOLS_MAX);
}

static void test_blocks_fail_less_than_once_in_a_thousand(void **state) {
    (void)state;
    static const uint64_t losses_ppm[] = {1000, 10000, 50000, 100000};
    static const unsigned counts[] = {1, 10, 100, 192};
    struct random random = random_of(5, 0);
    for (size_t i = 0; i < sizeof losses_ppm / sizeof losses_ppm[0]; i++) {
        for (size_t j = 0; j < sizeof counts / sizeof counts[0]; j++) {
            unsigned repair = repair_count(counts[j], losses_ppm[i], 256);
            int failed = 0;
            for (int trial = 0; trial < 4000; trial++) {
                unsigned lost = 0;
                for (unsigned k = 0; k < counts[j] + repair; k++) {
                    lost += random_below(&random, 1000000) < losses_ppm[i];
                }
                failed += lost > repair;
            }
            assert_in_range(failed, 0, counts[j] == 1 ? 50 : 8);
        }
    }
}

static void test_repair_is_dear_only_where_loss_is(void **state) {
    (void)state;
    assert_int_equal(repair_count(192, 0, 256), 1);
    assert_in_range(repair_count(192, 10000, 256), 7, 9);
    assert_in_range(repair_count(192, 10000, 1024), 12, 18);
    assert_int_equal(repair_count(192, 1000000, 1 << 20), REPAIR_SYMBOLS_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_cut_a_message_without_gap),
        cmocka_unit_test(test_blocks_fail_less_than_once_in_a_thousand),
        cmocka_unit_test(test_repair_is_dear_only_where_loss_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
