#include "base/ranges.h"

#include "base/random.h"
#include "support/cmocka.h"

enum { POSITIONS = 64 };

static void test_random_adds_and_removes_match_a_bit_set(void **state) {
    (void)state;
    struct random random = random_of(1, 0);
    for (int trial = 0; trial < 200; trial++) {
        struct ranges ranges;
        ranges_init(&ranges, POSITIONS, NULL);
        uint64_t bits = 0;
        for (int step = 0; step < 50; step++) {
            uint64_t from = random_below(&random, POSITIONS);
            uint64_t to = from + random_below(&random, POSITIONS + 1 - from);
            uint64_t mask = 0;
            for (uint64_t i = from; i < to; i++) {
                mask |= (uint64_t)1 << i;
            }
            if (random_below(&random, 2)) {
                assert_int_equal(ranges_add(&ranges, from, to), SATSYNC_OK);
                bits |= mask;
            } else {
                assert_int_equal(ranges_remove(&ranges, from, to), SATSYNC_OK);
                bits &= ~mask;
            }
            assert_int_equal(ranges_total(&ranges), __builtin_popcountll(bits));
            assert_int_equal(ranges_cover(&ranges, from, to), (bits & mask) == mask);
            for (uint64_t i = 0; i < POSITIONS; i++) {
                assert_int_equal(ranges_has(&ranges, i), bits >> i & 1);
            }
            for (size_t i = 1; i < ranges.count; i++) {
                assert_true(ranges.at[i - 1].to < ranges.at[i].from);
            }
        }
        ranges_fini(&ranges);
    }
}

static void test_full_set_refuses_and_keeps_its_content(void **state) {
    (void)state;
    struct ranges ranges;
    ranges_init(&ranges, 2, NULL);
    assert_int_equal(ranges_add(&ranges, 0, 10), SATSYNC_OK);
    assert_int_equal(ranges_add(&ranges, 20, 30), SATSYNC_OK);
    assert_int_equal(ranges_add(&ranges, 40, 50), SATSYNC_LIMIT);
    assert_int_equal(ranges_remove(&ranges, 3, 4), SATSYNC_LIMIT);
    assert_int_equal(ranges_total(&ranges), 20);
    assert_int_equal(ranges_add(&ranges, 10, 20), SATSYNC_OK);
    assert_int_equal(ranges.count, 1);
    ranges_fini(&ranges);
}

static void test_first_gap_names_what_is_missing(void **state) {
    (void)state;
    struct ranges ranges;
    ranges_init(&ranges, 8, NULL);
    assert_int_equal(ranges_add(&ranges, 10, 20), SATSYNC_OK);
    assert_int_equal(ranges_add(&ranges, 30, UINT64_MAX), SATSYNC_OK);
    struct range gap = ranges_first_gap(&ranges, 15, 100);
    assert_int_equal(gap.from, 20);
    assert_int_equal(gap.to, 30);
    gap = ranges_first_gap(&ranges, 40, 100);
    assert_int_equal(gap.from, gap.to);
    ranges_fini(&ranges);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_adds_and_removes_match_a_bit_set),
        cmocka_unit_test(test_full_set_refuses_and_keeps_its_content),
        cmocka_unit_test(test_first_gap_names_what_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
