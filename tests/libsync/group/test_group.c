#include "group/group.h"

#include "support/cmocka.h"
#include "support/engine_world.h"
#include "support/group_world.h"

#include <stdlib.h>
#include <string.h>

static const uint32_t all_three = 7;

/* DiLoCo as its paper writes it, in plain loops: fp32 contributions, in the order of the sites. */
static void oracle(size_t sites, uint64_t outer_steps, uint64_t inner_steps,
                   float agreed[GROUP_WORLD_PARAMETERS]) {
    static float momentum[GROUP_WORLD_PARAMETERS];
    memset(momentum, 0, sizeof momentum);
    for (size_t i = 0; i < GROUP_WORLD_PARAMETERS; i++) {
        agreed[i] = (float)i / 512.0f;
    }
    for (uint64_t outer = 0; outer < outer_steps; outer++) {
        for (size_t i = 0; i < GROUP_WORLD_PARAMETERS; i++) {
            float sum = 0;
            for (size_t site = 0; site < sites; site++) {
                float local = agreed[i];
                for (uint64_t h = 1; h <= inner_steps; h++) {
                    local += group_world_move(site, outer * inner_steps + h, i);
                }
                sum += agreed[i] - local;
            }
            float mean = sum / (float)sites;
            momentum[i] = 0.9f * momentum[i] + mean;
            float ahead = 0.9f * momentum[i];
            float direction = mean + ahead;
            agreed[i] -= 0.7f * direction;
        }
    }
}

static void test_three_sites_agree_on_what_plain_loops_say(void **state) {
    (void)state;
    struct group_world world;
    group_world_init(&world, 3);
    world.options.codec = SATSYNC_GROUP_FP32;
    world.options.inner_steps = 4;
    group_world_open_all(&world);
    group_world_train(&world, all_three, 5);
    uint8_t hash[SATSYNC_STATE_HASH_BYTES];
    group_world_agree(&world, all_three, hash);
    static float agreed[GROUP_WORLD_PARAMETERS];
    oracle(3, 5, 4, agreed);
    for (size_t i = 0; i < 3; i++) {
        assert_memory_equal(world.sites[i].parameters, agreed, sizeof agreed);
        struct satsync_group_stats stats = {.size = sizeof stats};
        satsync_group_stats(world.sites[i].group, &stats);
        assert_int_equal(stats.applied_steps, 5);
        assert_int_equal(stats.late_steps, 0);
        assert_true(stats.sent_bytes >= 2 * 5 * sizeof agreed);
        assert_true(stats.wire_bytes > stats.sent_bytes);
        assert_true(stats.leader < 3);
    }
    group_world_fini(&world);
}

static void test_overlapped_int8_steps_agree(void **state) {
    (void)state;
    struct group_world world;
    group_world_init(&world, 3);
    world.options.inner_steps = 6;
    world.options.overlap_steps = 2;
    world.options.fragments = 3;
    group_world_open_all(&world);
    group_world_train(&world, all_three, 6);
    uint8_t hash[SATSYNC_STATE_HASH_BYTES];
    group_world_agree(&world, all_three, hash);
    group_world_fini(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_three_sites_agree_on_what_plain_loops_say),
        cmocka_unit_test(test_overlapped_int8_steps_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
