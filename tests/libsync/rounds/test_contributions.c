#include "rounds/contributions.h"
#include "support/allocator.h"
#include "support/cmocka.h"

#include <string.h>

enum { SITES = 3, FRAGMENTS = 2 };

static struct counting_allocator counting;
static struct contributions contributions;

static void begin(void) {
    counting_allocator_init(&counting, 0);
    contributions_init(&contributions, SITES, FRAGMENTS);
}

static void end(void) {
    contributions_fini(&contributions);
    assert_int_equal(counting.live, 0);
}

/* Site 1's fragment of a step and a life; true when it is taken. */
static bool put(uint64_t step, uint64_t incarnation, uint8_t fragment) {
    struct fragment_head head = {step, 1, incarnation, fragment, 1};
    if (!contributions_want(&contributions, &head)) {
        return false;
    }
    struct parcel *parcel = parcel_new(&counting.allocator, LINK_GRADIENT, 8);
    contributions_put(&contributions, &head, parcel);
    parcel_drop(parcel);
    return true;
}

static uint32_t whole(uint64_t step) {
    return contributions_whole(&contributions, contributions_of(&contributions, step));
}

static void test_a_contribution_is_whole_with_its_last_fragment(void **state) {
    (void)state;
    begin();
    assert_true(put(1, 5, 1));
    assert_int_equal(whole(1), 0);
    assert_false(put(1, 5, 1));
    assert_false(put(1, 5, FRAGMENTS));
    assert_true(put(1, 5, 0));
    assert_int_equal(whole(1), 2);
    end();
}

static void test_a_newer_life_replaces_only_what_is_not_whole(void **state) {
    (void)state;
    begin();
    assert_true(put(1, 5, 1));
    assert_true(put(1, 6, 0));
    assert_int_equal(whole(1), 0);
    assert_false(put(1, 5, 1));
    assert_true(put(1, 6, 1));
    assert_false(put(1, 7, 0));
    assert_int_equal(whole(1), 2);
    end();
}

static void test_a_decision_says_which_life_counts(void **state) {
    (void)state;
    begin();
    assert_true(put(1, 6, 0) && put(1, 6, 1));
    struct decision decision = {.step = 1, .sites = 3, .incarnation = {9, 5}};
    contributions_decide(&contributions, &decision);
    const struct step_record *record = contributions_of(&contributions, 1);
    assert_int_equal(contributions_missing(&contributions, record), 3);
    assert_false(put(1, 6, 0));
    assert_true(put(1, 5, 0) && put(1, 5, 1));
    assert_int_equal(contributions_missing(&contributions, record), 1);
    decision.incarnation[1] = 6; /* the first decision stands */
    contributions_decide(&contributions, &decision);
    assert_int_equal(contributions_missing(&contributions, record), 1);
    end();
}

static void test_who_is_not_in_the_decision_is_not_wanted_any_more(void **state) {
    (void)state;
    begin();
    struct decision decision = {.step = 1, .sites = 1, .incarnation = {9}};
    contributions_decide(&contributions, &decision);
    assert_false(put(1, 5, 0));
    assert_true(put(2, 5, 0));
    end();
}

static void test_steps_are_kept_while_they_matter(void **state) {
    (void)state;
    begin();
    for (uint64_t step = 1; step <= CONTRIBUTIONS_STEPS; step++) {
        assert_true(put(step, 5, 0));
    }
    assert_null(contributions_of(&contributions, 0));
    assert_null(contributions_of(&contributions, CONTRIBUTIONS_STEPS + 1));
    assert_false(put(CONTRIBUTIONS_STEPS + 1, 5, 0));
    size_t live = counting.live;
    contributions_advance(&contributions, 3); /* keeps 2 and 3 */
    assert_int_equal(counting.live, live - 1);
    assert_null(contributions_of(&contributions, 1));
    assert_non_null(contributions_of(&contributions, 2));
    assert_true(put(CONTRIBUTIONS_STEPS + 1, 5, 0));
    contributions_advance(&contributions, 1000);
    assert_int_equal(counting.live, 0);
    end();
}

static void test_sixty_four_fragments_fit(void **state) {
    (void)state;
    begin();
    contributions_init(&contributions, SITES, ROUNDS_FRAGMENTS_MAX);
    for (uint8_t f = 0; f < ROUNDS_FRAGMENTS_MAX; f++) {
        assert_int_equal(whole(1), 0);
        assert_true(put(1, 5, f));
    }
    assert_int_equal(whole(1), 2);
    end();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_contribution_is_whole_with_its_last_fragment),
        cmocka_unit_test(test_a_newer_life_replaces_only_what_is_not_whole),
        cmocka_unit_test(test_a_decision_says_which_life_counts),
        cmocka_unit_test(test_who_is_not_in_the_decision_is_not_wanted_any_more),
        cmocka_unit_test(test_steps_are_kept_while_they_matter),
        cmocka_unit_test(test_sixty_four_fragments_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
