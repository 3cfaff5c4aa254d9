#include "support/cmocka.h"
#include "support/rounds_cases.h"
#include "support/rounds_world.h"

#define MS UINT64_C(1000000)

static struct rounds_world world;

static void run_to(uint64_t step) {
    if (!rounds_world_run_to_step(&world, step, world.now_ns + 120000 * MS)) {
        fail_msg("%s at %.3f s, newest step %llu", world.breach, (double)world.now_ns / 1e9,
                 (unsigned long long)world.newest);
    }
}

/* Two sites cannot reach each other, but both the leader: it has what either lacks. */
static void test_what_is_missing_comes_from_another_holder(void **state) {
    (void)state;
    const struct rounds_world_plan plan = rounds_case_plan(3);
    struct rounds_status status;
    rounds_world_open(&world, &plan);
    run_to(2);
    rounds_status(world.site[0].rounds, &status);
    size_t leader = status.leader;
    rounds_world_break(&world, (leader + 1) % 3, (leader + 2) % 3);
    run_to(6);
    assert_int_equal(world.members[6], 7);
    rounds_world_close(&world);
}

/* Contributions that arrive long after their step was decided are waited for, not asked for again.
 */
static void test_what_is_under_way_is_not_sent_twice(void **state) {
    (void)state;
    struct rounds_world_plan plan = rounds_case_plan(3);
    plan.delay_to_ns = 2000 * MS;
    plan.deadline_ns = plan.collect_ns + 200 * MS;
    rounds_world_open(&world, &plan);
    run_to(6);
    const uint64_t contribution =
        quantise_bytes(QUANTISE_INT8, 300) + 21 + quantise_bytes(QUANTISE_INT8, 70) + 21;
    for (size_t i = 0; i < 3; i++) {
        struct rounds_status status;
        rounds_status(world.site[i].rounds, &status);
        assert_true(status.sent_bytes <= 2 * contribution * (status.applied + 1));
    }
    rounds_world_close(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_missing_comes_from_another_holder),
        cmocka_unit_test(test_what_is_under_way_is_not_sent_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
