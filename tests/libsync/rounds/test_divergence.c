#include "rounds/divergence.h"
#include "support/cmocka.h"

#include <string.h>

static struct divergence divergence;
static size_t right;

static void note(uint64_t step, size_t site, uint8_t value) {
    uint8_t hash[ROUNDS_HASH_BYTES];
    memset(hash, value, sizeof hash);
    divergence_note(&divergence, step, site, hash);
}

static void test_equal_hashes_say_nothing(void **state) {
    (void)state;
    memset(&divergence, 0, sizeof divergence);
    for (size_t site = 0; site < 3; site++) {
        note(4, site, 9);
        assert_int_equal(divergence_judge(&divergence, 4, 7, 3, &right), 0);
    }
    assert_int_equal(divergence_judge(&divergence, 5, 7, 3, &right), 0);
}

static void test_the_odd_one_is_named_once(void **state) {
    (void)state;
    memset(&divergence, 0, sizeof divergence);
    note(4, 0, 1);
    note(4, 2, 9);
    assert_int_equal(divergence_judge(&divergence, 4, 7, 3, &right), 0); /* which of them? */
    note(4, 1, 9);
    assert_int_equal(divergence_judge(&divergence, 4, 7, 3, &right), 1);
    assert_int_equal(right, 1);
    assert_int_equal(divergence_judge(&divergence, 4, 7, 3, &right), 0);
}

static void test_of_two_the_first_is_right(void **state) {
    (void)state;
    memset(&divergence, 0, sizeof divergence);
    note(4, 1, 9);
    note(4, 0, 1);
    assert_int_equal(divergence_judge(&divergence, 4, 3, 2, &right), 2);
    assert_int_equal(right, 0);
}

static void test_who_is_away_is_not_waited_for(void **state) {
    (void)state;
    memset(&divergence, 0, sizeof divergence);
    note(4, 1, 9);
    note(4, 2, 1);
    assert_int_equal(divergence_judge(&divergence, 4, 6, 3, &right), 4);
}

static void test_old_steps_give_way_to_new_ones(void **state) {
    (void)state;
    memset(&divergence, 0, sizeof divergence);
    note(4, 0, 1);
    note(4, 1, 9);
    note(4 + DIVERGENCE_STEPS, 0, 1);
    note(4, 2, 9);
    assert_int_equal(divergence_judge(&divergence, 4, 7, 3, &right), 0);
    divergence_forget(&divergence, 0);
    note(4 + DIVERGENCE_STEPS, 1, 9);
    assert_int_equal(divergence_judge(&divergence, 4 + DIVERGENCE_STEPS, 2, 3, &right), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_hashes_say_nothing),
        cmocka_unit_test(test_the_odd_one_is_named_once),
        cmocka_unit_test(test_of_two_the_first_is_right),
        cmocka_unit_test(test_who_is_away_is_not_waited_for),
        cmocka_unit_test(test_old_steps_give_way_to_new_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
