#include "group/group.h"

#include "support/cmocka.h"
#include "support/engine_world.h"
#include "support/group_world.h"

#include <math.h>
#include <string.h>

enum { ALL = 7 };

/* Ticks a site until a step wants its parameters or the tick fails. */
static enum satsync_status tick_to_the_end_of_a_step(struct group_site *site) {
    enum satsync_status status = SATSYNC_OK;
    for (uint64_t h = 0; h < 4 && status == SATSYNC_OK; h++) {
        status = satsync_group_tick(site->group, ++site->step, &site->error);
    }
    return status;
}

static void test_not_a_number_stays_at_home_and_is_named(void **state) {
    (void)state;
    struct group_world world;
    group_world_init(&world, 3);
    world.options.inner_steps = 4;
    group_world_open_all(&world);
    group_world_train(&world, ALL, 1);
    struct group_site *site = &world.sites[1];
    float before = site->parameters[1234];
    site->parameters[1234] = NAN;
    assert_int_equal(tick_to_the_end_of_a_step(site), SATSYNC_INVALID);
    assert_non_null(strstr(site->error.message, "1234"));
    site->parameters[1234] = before;
    group_world_train(&world, ALL, 4);
    uint8_t hash[SATSYNC_STATE_HASH_BYTES];
    group_world_agree(&world, ALL, hash);
    for (size_t i = 0; i < GROUP_WORLD_PARAMETERS; i++) {
        assert_true(isfinite(world.sites[0].parameters[i]));
    }
    group_world_fini(&world);
}

static void test_wait_ends_at_its_timeout_and_names_who_is_missing(void **state) {
    (void)state;
    struct group_world world;
    group_world_init(&world, 3);
    world.options.inner_steps = 4;
    world.options.collect_ns = UINT64_C(500000000000);
    world.options.deadline_ns = UINT64_C(600000000000);
    group_world_open_all(&world);
    group_world_train(&world, ALL, 1);
    struct group_site *site = &world.sites[0];
    assert_int_equal(tick_to_the_end_of_a_step(site), SATSYNC_AGAIN);
    assert_int_equal(satsync_group_wait(site->group, 300000000, &site->error), SATSYNC_TIMED_OUT);
    assert_non_null(strstr(site->error.message, "site 1, 2"));
    group_world_train(&world, ALL, 3);
    uint8_t hash[SATSYNC_STATE_HASH_BYTES];
    group_world_agree(&world, ALL, hash);
    group_world_fini(&world);
}

/* Two sites and a third that has a vote: one may die, and the other goes on by itself. */
static void test_witness_lets_the_last_site_go_on(void **state) {
    (void)state;
    struct group_world world;
    group_world_init(&world, 3);
    world.options.witness = 1;
    world.options.inner_steps = 4;
    world.options.collect_ns = 500000000;
    group_world_open_all(&world);
    group_world_train(&world, 3, 2);
    uint8_t hash[SATSYNC_STATE_HASH_BYTES];
    group_world_agree(&world, 3, hash);
    group_world_close(&world, 1);
    group_world_train(&world, 1, 4);
    assert_int_equal(group_world_applied(&world.sites[0]), 4);
    group_world_fini(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_not_a_number_stays_at_home_and_is_named),
        cmocka_unit_test(test_wait_ends_at_its_timeout_and_names_who_is_missing),
        cmocka_unit_test(test_witness_lets_the_last_site_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
