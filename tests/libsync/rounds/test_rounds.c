#include "support/cmocka.h"
#include "support/rounds_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS UINT64_C(1000000)

static struct rounds_world world;

static struct rounds_world_plan plan_of(size_t sites) {
    return (struct rounds_world_plan){.seed = 1,
                                      .sites = sites,
                                      .codec = QUANTISE_INT8,
                                      .fragments = 2,
                                      .fragment_elements = {300, 70},
                                      .inner_steps = 5,
                                      .inner_ns = 100 * MS,
                                      .delay_from_ns = 20 * MS,
                                      .delay_to_ns = 60 * MS,
                                      .collect_ns = 3000 * MS,
                                      .deadline_ns = 5000 * MS,
                                      .rate = 0.7f,
                                      .momentum = 0.9f};
}

static void test_sites_take_the_same_steps(void **state) {
    (void)state;
    struct rounds_world_plan plan = plan_of(3);
    rounds_world_open(&world, &plan);
    bool done = rounds_world_run_to_step(&world, 10, 60000 * MS);
    if (!done) {
        fail_msg("%s at %.3f s, newest %llu", world.breach, (double)world.now_ns / 1e9,
                 (unsigned long long)world.newest);
    }
    for (uint64_t step = 1; step <= 10; step++) {
        assert_int_equal(world.members[step], 7);
    }
    rounds_world_close(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sites_take_the_same_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
