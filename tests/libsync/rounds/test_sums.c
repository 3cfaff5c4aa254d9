#include "rounds/sums.h"
#include "support/cmocka.h"

static struct parcel *some_parcel(void) {
    struct parcel *parcel = parcel_new(NULL, LINK_GRADIENT, 8);
    assert_non_null(parcel);
    return parcel;
}

static void put(struct sums *sums, uint8_t owner, uint8_t fragment, uint64_t life) {
    struct parcel *parcel = some_parcel();
    const struct sum_head head = {
        .owner = owner, .fragment = fragment, .incarnation = {life, life, life}};
    assert_true(sums_want(sums, &head, 3));
    sums_put(sums, &head, parcel);
    assert_int_equal(parcel->references, 2);
    parcel_drop(parcel);
}

static void test_an_owners_sums_are_whole_with_all_fragments(void **state) {
    (void)state;
    struct sums sums = {0};
    put(&sums, 1, 0, 5);
    assert_int_equal(sums_whole(&sums, 3, 3), 0);
    put(&sums, 1, 1, 5);
    put(&sums, 0, 1, 5);
    assert_int_equal(sums_whole(&sums, 3, 3), 2);
    sums_forget(&sums);
    assert_int_equal(sums_whole(&sums, 3, 3), 0);
}

static void test_sums_of_other_contributions_are_not_wanted(void **state) {
    (void)state;
    struct sums sums = {0};
    put(&sums, 1, 0, 5);
    const struct sum_head again = {.owner = 1, .fragment = 0, .incarnation = {5, 5, 5}};
    const struct sum_head more = {.owner = 2, .fragment = 0, .incarnation = {5, 5, 5}};
    const struct sum_head other = {.owner = 2, .fragment = 0, .incarnation = {5, 6, 5}};
    assert_false(sums_want(&sums, &again, 3));
    assert_true(sums_want(&sums, &more, 3));
    assert_false(sums_want(&sums, &other, 3));
    sums_forget(&sums);
    assert_true(sums_want(&sums, &other, 3));
}

static void test_a_share_takes_the_place_of_a_former_one(void **state) {
    (void)state;
    struct sums sums = {0};
    const struct share_head head = {.origin = 2, .fragment = 1};
    struct parcel *first = some_parcel(), *second = some_parcel();
    sums_put_share(&sums, &head, first);
    sums_put_share(&sums, &head, second);
    assert_int_equal(first->references, 1);
    assert_int_equal(second->references, 2);
    sums_drop_shares(&sums, 1);
    assert_int_equal(second->references, 1);
    parcel_drop(first);
    parcel_drop(second);
}

static void test_names_differ_where_any_incarnation_does(void **state) {
    (void)state;
    uint64_t lives[ROUNDS_SITES_MAX] = {0};
    assert_int_equal(sums_name(lives, 3), 0);
    lives[0] = 1;
    uint64_t name = sums_name(lives, 3);
    assert_int_not_equal(name, 0);
    for (size_t i = 0; i < 3; i++) {
        lives[i]++;
        assert_int_not_equal(sums_name(lives, 3), name);
        lives[i]--;
    }
    lives[3] = 9; /* of nobody */
    assert_int_equal(sums_name(lives, 3), name);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_owners_sums_are_whole_with_all_fragments),
        cmocka_unit_test(test_sums_of_other_contributions_are_not_wanted),
        cmocka_unit_test(test_a_share_takes_the_place_of_a_former_one),
        cmocka_unit_test(test_names_differ_where_any_incarnation_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
