#include "collective/plan.h"
#include "support/cmocka.h"

#include "base/random.h"

#include <stdlib.h>
#include <string.h>

static struct plan random_plan(struct random *random) {
    struct collective_operation operation = {.kind = random_below(random, COLLECTIVE_KINDS),
                                             .dtype = COLLECTIVE_F32,
                                             .count = 1025 + random_below(random, 20000)};
    uint32_t ranks = 2 + (uint32_t)random_below(random, 15);
    operation.root = (uint32_t)random_below(random, ranks);
    return plan_of(&operation, ranks, 64 + 16 * random_below(random, 200));
}

static void test_shares_cover_the_buffer_once(void **state) {
    (void)state;
    for (uint64_t count = 0; count < 100; count++) {
        for (uint32_t ranks = 2; ranks <= COLLECTIVE_RANKS; ranks++) {
            uint64_t at = 0;
            for (uint32_t rank = 0; rank < ranks; rank++) {
                struct collective_share share = collective_share(count, ranks, rank);
                assert_int_equal(share.first, at);
                assert_true(share.count - count / ranks <= 1);
                at += share.count;
            }
            assert_int_equal(at, count);
        }
    }
}

static void check_pair(const struct plan *plan, uint32_t from, uint32_t to) {
    uint64_t contributions = 0;
    uint64_t answers = 0;
    for (uint64_t i = 0; i < plan_items(plan, from, to); i++) {
        struct plan_item item = plan_item(plan, from, to, i);
        assert_true(item.message_bytes > 0 && item.bytes > 0);
        assert_true(item.offset + item.bytes <= plan->count * plan->element_bytes);
        if (item.is_answer) {
            assert_int_equal(item.chunk, answers++);
            assert_int_equal(plan_answer_index(plan, from, to, item.chunk), i);
            continue;
        }
        assert_int_equal(item.chunk, contributions++);
        /* Its own answers are never behind, so that a place frees at the other end. */
        uint64_t needed = item.chunk < PLAN_DEPTH ? 0 : item.chunk - PLAN_DEPTH + 1;
        uint64_t all = plan_answers(plan, from, to);
        assert_true(answers == (needed < all ? needed : all));
    }
    assert_int_equal(contributions, plan_contributions(plan, from, to));
    assert_int_equal(answers, plan_answers(plan, from, to));
}

static void test_every_chunk_travels_once_and_in_order(void **state) {
    (void)state;
    struct random random = random_of(3, 0);
    for (int trial = 0; trial < 300; trial++) {
        struct plan plan = random_plan(&random);
        for (uint32_t from = 0; from < plan.ranks; from++) {
            for (uint32_t to = 0; to < plan.ranks; to++) {
                if (from != to) {
                    check_pair(&plan, from, to);
                }
            }
        }
    }
}

/* What a rank receives of an operation that fills the buffer covers it, its own part aside. */
static void test_answers_and_contributions_fill_the_buffer(void **state) {
    (void)state;
    struct random random = random_of(4, 0);
    for (int trial = 0; trial < 100; trial++) {
        struct plan plan = random_plan(&random);
        if (plan.kind == COLLECTIVE_BARRIER || plan.kind == COLLECTIVE_REDUCE_SCATTER) {
            continue;
        }
        uint32_t to = (uint32_t)random_below(&random, plan.ranks);
        bool is_root = plan.kind == COLLECTIVE_BROADCAST && plan.root == to;
        uint64_t bytes = 0;
        for (uint32_t from = 0; from < plan.ranks; from++) {
            for (uint64_t i = 0; from != to && i < plan_items(&plan, from, to); i++) {
                struct plan_item item = plan_item(&plan, from, to, i);
                bool fills = item.is_answer || plan.kind == COLLECTIVE_BROADCAST;
                bytes += fills ? item.bytes : 0;
            }
        }
        uint64_t own = collective_share(plan.count, plan.ranks, to).count;
        uint64_t expected = plan.count - (plan.kind == COLLECTIVE_BROADCAST ? 0 : own);
        assert_int_equal(bytes, is_root ? 0 : expected * 4);
    }
}

static void test_small_operations_need_no_items(void **state) {
    (void)state;
    const struct collective_operation operation = {
        .kind = COLLECTIVE_ALL_REDUCE, .dtype = COLLECTIVE_F64, .count = PLAN_SMALL_BYTES / 8};
    struct plan plan = plan_of(&operation, 4, 1024);
    assert_true(plan_is_small(&plan));
    assert_int_equal(plan_items(&plan, 0, 1), 0);
    plan.count++;
    assert_false(plan_is_small(&plan));
    assert_int_equal(plan_items(&plan, 1, 2), 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shares_cover_the_buffer_once),
        cmocka_unit_test(test_every_chunk_travels_once_and_in_order),
        cmocka_unit_test(test_answers_and_contributions_fill_the_buffer),
        cmocka_unit_test(test_small_operations_need_no_items),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
