#include "group/group.h"

#include "support/cmocka.h"
#include "support/engine_world.h"
#include "support/group_world.h"

#include <stdio.h>
#include <string.h>

enum { ALL = 7, WITHOUT_THE_LAST = 3 };

static void begin(struct group_world *world) {
    group_world_init(world, 3);
    world->options.inner_steps = 4;
    world->options.collect_ns = 1500000000;
    world->options.deadline_ns = 8000000000;
    group_world_open_all(world);
    group_world_train(world, ALL, 2);
}

static uint64_t fetched(const struct group_world *world, size_t site) {
    struct satsync_group_stats stats = {.size = sizeof stats};
    satsync_group_stats(world->sites[site].group, &stats);
    return stats.fetched_states;
}

/* How often the one that was away counted since this was asked last. */
static unsigned counted(struct group_world *world) {
    struct satsync_group_event event;
    unsigned times = 0;
    while (satsync_group_next(world->sites[0].group, &event) == SATSYNC_OK) {
        times += event.kind == SATSYNC_GROUP_DECIDED && event.sites == ALL;
    }
    return times;
}

/* Steps take no time here, so how many pass before it is back is left open. */
static void train_on_together(struct group_world *world) {
    uint8_t hash[SATSYNC_STATE_HASH_BYTES];
    uint64_t step = group_world_applied(&world->sites[0]);
    (void)counted(world);
    do {
        step += 10;
        group_world_train(world, ALL, step);
        group_world_agree(world, ALL, hash);
    } while (counted(world) == 0);
}

/* Its process is gone, the others go on; it comes back with first parameters and its promises, and
 * trains with them again. */
static void test_site_that_was_killed_fetches_the_state_and_joins(void **state) {
    (void)state;
    struct group_world world;
    begin(&world);
    group_world_close(&world, 2);
    group_world_train(&world, WITHOUT_THE_LAST, 5);
    group_world_open(&world, 2);
    train_on_together(&world);
    assert_true(fetched(&world, 2) > 0);
    assert_int_equal(fetched(&world, 0), 0);
    group_world_fini(&world);
}

/* It does nothing for a while, as a stopped process does, but is not gone. */
static void test_site_that_stood_still_catches_up(void **state) {
    (void)state;
    struct group_world world;
    begin(&world);
    group_world_train(&world, WITHOUT_THE_LAST, 5);
    train_on_together(&world);
    group_world_fini(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_site_that_was_killed_fetches_the_state_and_joins),
        cmocka_unit_test(test_site_that_stood_still_catches_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
