#include "ckpt/cli/time_budget.h"

#include "support/cmocka.h"

#include <string.h>

static unsigned sum_of(const struct time_part parts[TIME_PARTS]) {
    unsigned sum = 0;
    for (int i = 0; i < TIME_PARTS; i++) {
        sum += parts[i].permille;
    }
    return sum;
}

static void test_parts_are_shares_of_the_whole(void **state) {
    (void)state;
    const struct satsync_progress progress = {.elapsed_ns = 10000,
                                              .connecting_ns = 500,
                                              .sending_ns = 6000,
                                              .repairing_ns = 1000,
                                              .waiting_ns = 1500,
                                              .idle_ns = 800};
    static const unsigned expected[TIME_PARTS] = {50, 600, 100, 150, 80, 20};
    struct time_part parts[TIME_PARTS];
    time_budget(&progress, parts);
    for (int i = 0; i < TIME_PARTS; i++) {
        assert_int_equal(parts[i].permille, expected[i]);
        assert_true(strlen(parts[i].name) > 0);
    }
    assert_int_equal(parts[TIME_PARTS - 1].span_ns, 200);
}

static void test_rounded_shares_still_sum_to_the_whole(void **state) {
    (void)state;
    for (uint64_t elapsed_ns = 1; elapsed_ns < 3000; elapsed_ns += 7) {
        const struct satsync_progress progress = {.elapsed_ns = elapsed_ns,
                                                  .connecting_ns = elapsed_ns / 7,
                                                  .sending_ns = elapsed_ns / 3,
                                                  .repairing_ns = elapsed_ns / 11,
                                                  .waiting_ns = elapsed_ns / 6,
                                                  .idle_ns = elapsed_ns / 9};
        struct time_part parts[TIME_PARTS];
        time_budget(&progress, parts);
        assert_int_equal(sum_of(parts), 1000);
    }
}

static void test_parts_beyond_the_whole_are_shares_of_their_sum(void **state) {
    (void)state;
    const struct satsync_progress progress = {
        .elapsed_ns = 1000, .sending_ns = 900, .idle_ns = 110};
    struct time_part parts[TIME_PARTS];
    time_budget(&progress, parts);
    assert_int_equal(sum_of(parts), 1000);
    assert_int_equal(parts[TIME_PARTS - 1].span_ns, 0);
    assert_int_equal(parts[TIME_PARTS - 1].permille, 0);
}

static void test_no_time_has_no_shares(void **state) {
    (void)state;
    const struct satsync_progress progress = {0};
    struct time_part parts[TIME_PARTS];
    time_budget(&progress, parts);
    assert_int_equal(sum_of(parts), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_are_shares_of_the_whole),
        cmocka_unit_test(test_rounded_shares_still_sum_to_the_whole),
        cmocka_unit_test(test_parts_beyond_the_whole_are_shares_of_their_sum),
        cmocka_unit_test(test_no_time_has_no_shares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
