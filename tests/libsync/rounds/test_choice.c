#include "rounds/choice.h"
#include "rounds/sums.h"
#include "support/cmocka.h"

#include <string.h>

enum { A = 1, B = 2, C = 4, D = 8, E = 16 };

/* holders[i]: sites whose whole contribution site i has; 0: nothing is known of it. */
struct case_of_choice {
    const char *name;
    size_t sites, voters;
    uint32_t expected;
    uint32_t holders[5];
    uint32_t early; /* what is chosen while time is left */
    uint32_t end;   /* and when it is over */
};

static const struct case_of_choice cases[] = {
    {"all have all", 3, 3, A | B | C, {A | B | C, A | B | C, A | B | C}, A | B | C, A | B | C},
    {"one alone has all, and nobody has its own", 3, 3, A | B | C, {A | B | C, B, C}, 0, B | C},
    {"it has sent its own to one", 3, 3, A | B | C, {A | B | C, A | B, C}, A | B | C, A | B | C},
    {"one has given nothing", 3, 3, A | B | C, {A | B, A | B, 0}, 0, A | B},
    {"and is not expected", 3, 3, A | B, {A | B, A | B, 0}, A | B, A | B},
    {"one is slow to receive", 3, 3, A | B | C, {A | B, A | B, A | B | C}, 0, A | B},
    {"one receives nothing", 3, 3, A | B, {A | B, A | B, C}, 0, A | B},
    {"one sends to one only", 3, 3, A | B | C, {A | B | C, A | B, A | B | C}, A | B | C, A | B | C},
    {"nobody has anything of others", 3, 3, A | B | C, {A, B, C}, 0, 0},
    {"one site alone is no majority", 3, 3, A | B | C, {A, 0, 0}, 0, 0},
    {"one site alone with a witness", 2, 3, A | B, {A, 0}, 0, A},
    {"both with a witness", 2, 3, A | B, {A | B, A | B}, A | B, A | B},
    {"both, one way", 2, 3, A | B, {A | B, B}, 0, B},
    {"two without a witness", 2, 2, A | B, {A | B, 0}, 0, 0},
    {"of five, two holders are too few", 5, 5, A | B, {A | B, A | B}, 0, 0},
    {"three are enough", 5, 5, A | B | C, {A | B | C, A | B | C, A | B | C}, 7, 7},
    {"who comes in time though not expected", 3, 3, A | B, {7, 7, 7}, 7, 7},
    {"who is coming is waited for", 3, 3, A | B, {A | B, A | B, A | B | C}, 0, A | B},
};

static void fill(const struct case_of_choice *one, struct choice *choice) {
    *choice = (struct choice){
        .sites = one->sites, .voters = one->voters, .expected = one->expected, .all = 3};
    for (size_t i = 0; i < one->sites; i++) {
        choice->reporting |= one->holders[i] ? 1u << i : 0;
        for (size_t k = 0; k < one->sites; k++) {
            bool has = one->holders[i] >> k & 1;
            choice->holdings[i].incarnation[k] = 100 + k;
            choice->holdings[i].fragments[k] = has ? 3 : 1; /* half a contribution is none */
        }
    }
}

static void test_what_is_chosen(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct choice choice;
        fill(&cases[i], &choice);
        for (int over = 0; over < 2; over++) {
            struct decision decision;
            uint32_t wanted = over ? cases[i].end : cases[i].early;
            bool any = choose(&choice, over, &decision);
            if (any != (wanted != 0) || decision.sites != wanted) {
                fail_msg("%s, %s: %x instead of %x", cases[i].name, over ? "end" : "early",
                         decision.sites, wanted);
            }
            for (size_t k = 0; k < ROUNDS_SITES_MAX; k++) {
                assert_int_equal(decision.incarnation[k], wanted >> k & 1 ? 100 + k : 0);
            }
        }
    }
}

/* Its followers store nothing that they have not got the leader's own contribution to. */
static void test_the_leaders_own_counts_once_more_when_it_is_vouched_for(void **state) {
    (void)state;
    struct choice choice;
    struct decision decision;
    const struct case_of_choice alone = {"", 3, 3, A | B | C, {A | B | C, B, C}, 0, 0};
    fill(&alone, &choice);
    assert_false(choose(&choice, false, &decision));
    choice.vouched = D; /* none of them */
    assert_false(choose(&choice, false, &decision));
    choice.vouched = A;
    assert_true(choose(&choice, false, &decision));
    assert_int_equal(decision.sites, A | B | C);
}

/* A site started anew has given twice: the two are different bytes, and are counted apart. */
static void test_two_lives_of_a_site_are_counted_apart(void **state) {
    (void)state;
    struct choice choice;
    struct decision decision;
    fill(&cases[0], &choice);
    choice.holdings[1].incarnation[1] = 205;
    choice.holdings[2].incarnation[1] = 205;
    assert_true(choose(&choice, false, &decision));
    assert_int_equal(decision.incarnation[1], 205);
    choice.holdings[2].incarnation[1] = 101;
    assert_true(choose(&choice, false, &decision));
    assert_int_equal(decision.incarnation[1], 101);
}

/* owners[i]: whose sums site i has, of the contributions that stand in its report. */
struct case_of_sums {
    const char *name;
    size_t sites, voters;
    uint32_t vouched;
    uint32_t owners[5];
    bool chosen;
};

static const struct case_of_sums cases_of_sums[] = {
    {"the leader has all, and will not lose its own", 3, 3, A, {A | B | C, B, C}, true},
    {"with a witness its own are there but once", 3, 4, 0, {A | B | C, B, C}, false},
    {"until another has them", 3, 4, 0, {A | B | C, A | B, C}, true},
    {"an owner's are nowhere else", 3, 3, A, {A | B, B, C}, false},
    {"together they have all twice", 3, 3, A, {A | B, B | C, C}, true},
    {"of five, two holders are too few", 5, 5, A, {31, B, C, D, E}, false},
    {"nor are they when a third has its own", 5, 5, A, {31, 31, C, D, E}, false},
    {"three are enough", 5, 5, A, {31, 31, 31, D, E}, true},
    {"none", 3, 3, A, {0, 0, 0}, false},
};

static void fill_sums(const struct case_of_sums *one, struct choice *choice) {
    *choice = (struct choice){
        .sites = one->sites, .voters = one->voters, .vouched = one->vouched, .all = 3};
    const uint64_t incarnation[ROUNDS_SITES_MAX] = {100, 101, 102, 103, 104};
    for (size_t i = 0; i < one->sites; i++) {
        choice->reporting |= 1u << i;
        choice->holdings[i].incarnation[i] = 100 + i;
        choice->holdings[i].sums = one->owners[i];
        choice->holdings[i].sums_of = sums_name(incarnation, one->sites);
    }
}

static void test_sums_are_chosen_when_no_fault_can_lose_them(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases_of_sums / sizeof cases_of_sums[0]; i++) {
        const struct case_of_sums *one = &cases_of_sums[i];
        struct choice choice;
        struct decision decision = {.step = 1};
        fill_sums(one, &choice);
        if (choose(&choice, false, &decision) != one->chosen || decision.by_sums != one->chosen) {
            fail_msg("%s", one->name);
        }
        assert_true(!one->chosen || decision.sites == (1u << one->sites) - 1);
        choice.holdings[1].incarnation[1]++; /* a new life: these sums are not of what it gave */
        assert_false(choose(&choice, false, &decision));
        fill_sums(one, &choice);
        choice.reporting &= ~2u;
        assert_false(choose(&choice, false, &decision));
        for (size_t k = 0; k < one->sites; k++) {
            choice.summed[k] = 100 + k; /* the leader knows of what it has sums */
        }
        if (i == 0) {
            assert_true(choose(&choice, false, &decision));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_chosen),
        cmocka_unit_test(test_sums_are_chosen_when_no_fault_can_lose_them),
        cmocka_unit_test(test_the_leaders_own_counts_once_more_when_it_is_vouched_for),
        cmocka_unit_test(test_two_lives_of_a_site_are_counted_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
