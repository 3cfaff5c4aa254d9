#include "base/timers.h"

#include "base/random.h"
#include "support/allocator.h"
#include "support/cmocka.h"

static void test_random_deadlines_fire_in_order_and_ties_as_they_were_set(void **state) {
    (void)state;
    struct random random = random_of(4, 0);
    struct timers timers;
    timers_init(&timers, NULL);
    uint64_t deadlines[500];
    for (uint64_t i = 0; i < 500; i++) {
        deadlines[i] = random_below(&random, 50);
        assert_int_equal(timers_add(&timers, deadlines[i], i), SATSYNC_OK);
    }
    uint64_t last_at = 0;
    uint64_t last_value = 0;
    for (int i = 0; i < 500; i++) {
        uint64_t next = timers_next(&timers);
        uint64_t value = 0;
        assert_true(next == 0 || !timers_pop(&timers, next - 1, &value));
        assert_true(timers_pop(&timers, next, &value));
        assert_true(deadlines[value] == next);
        assert_true(i == 0 || next > last_at || (next == last_at && value > last_value));
        last_at = next;
        last_value = value;
    }
    assert_int_equal(timers.count, 0);
    timers_fini(&timers);
}

static void test_no_timer_is_never_due(void **state) {
    (void)state;
    struct timers timers;
    timers_init(&timers, NULL);
    uint64_t value;
    assert_true(timers_next(&timers) == TIME_NEVER);
    assert_false(timers_pop(&timers, TIME_NEVER, &value));
    timers_fini(&timers);
}

static void test_timers_without_memory_are_as_they_were(void **state) {
    (void)state;
    bool finished = false;
    for (size_t fail_at = 1; !finished; fail_at++) {
        struct counting_allocator counting;
        counting_allocator_init(&counting, fail_at);
        struct timers timers;
        timers_init(&timers, &counting.allocator);
        uint64_t added = 0;
        while (added < 100 && timers_add(&timers, 100 - added, added) == SATSYNC_OK) {
            added++;
        }
        finished = added == 100;
        assert_int_equal(timers.count, added);
        uint64_t value;
        while (timers_pop(&timers, 200, &value)) {
            assert_int_equal(value, --added);
        }
        assert_int_equal(added, 0);
        timers_fini(&timers);
        assert_int_equal(counting.live, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_deadlines_fire_in_order_and_ties_as_they_were_set),
        cmocka_unit_test(test_no_timer_is_never_due),
        cmocka_unit_test(test_timers_without_memory_are_as_they_were),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
