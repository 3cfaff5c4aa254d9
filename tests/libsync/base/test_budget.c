#include "base/budget.h"

#include "support/cmocka.h"

#include <pthread.h>

static void test_it_gives_up_to_the_limit_and_then_all_or_nothing(void **state) {
    (void)state;
    struct budget budget;
    budget_init(&budget, 100);
    assert_true(budget_take(&budget, 60));
    assert_false(budget_take(&budget, 41));
    assert_false(budget_has(&budget, 41));
    assert_true(budget_has(&budget, 40));
    assert_true(budget_take(&budget, 40));
    assert_false(budget_take(&budget, 1));
    budget_give(&budget, 60);
    assert_true(budget_take(&budget, 60));
}

static void test_an_amount_near_the_end_of_numbers_does_not_wrap(void **state) {
    (void)state;
    struct budget budget;
    budget_init(&budget, 100);
    assert_true(budget_take(&budget, 50));
    assert_false(budget_take(&budget, UINT64_MAX));
    assert_false(budget_take(&budget, UINT64_MAX - 49));
    budget_give(&budget, 50);
}

static void test_none_has_no_end(void **state) {
    (void)state;
    assert_true(budget_has(NULL, UINT64_MAX));
    assert_true(budget_take(NULL, UINT64_MAX));
    budget_give(NULL, UINT64_MAX);
}

enum { THREADS = 4, TURNS = 20000, LIMIT = 3 };

static void *take_and_give(void *context) {
    struct budget *budget = context;
    uintptr_t over = 0;
    for (int i = 0; i < TURNS; i++) {
        if (budget_take(budget, 1)) {
            over += atomic_load(&budget->taken) > LIMIT;
            budget_give(budget, 1);
        }
    }
    return (void *)over;
}

static void test_threads_together_never_take_more(void **state) {
    (void)state;
    struct budget budget;
    pthread_t threads[THREADS];
    budget_init(&budget, LIMIT);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, take_and_give, &budget), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *over;
        assert_int_equal(pthread_join(threads[i], &over), 0);
        assert_null(over);
    }
    assert_int_equal(atomic_load(&budget.taken), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_gives_up_to_the_limit_and_then_all_or_nothing),
        cmocka_unit_test(test_an_amount_near_the_end_of_numbers_does_not_wrap),
        cmocka_unit_test(test_none_has_no_end),
        cmocka_unit_test(test_threads_together_never_take_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
