#include "group/group.h"

#include "support/cmocka.h"
#include "support/engine_world.h"
#include "support/group_world.h"

#include <satsync/checkpoint.h>
#include <stdio.h>
#include <string.h>

enum { BOTH = 3 };

static void save(struct group_world *world, size_t number, const char *path) {
    struct group_site *site = &world->sites[number];
    struct satsync_error error;
    struct satsync_store *store;
    struct satsync_save_options options;
    struct satsync_save *begun;
    struct satsync_operation *operation;
    engine_expect(satsync_store_create(site->engine, path, site->key, NULL, 0, &error), SATSYNC_OK,
                  &error);
    engine_expect(satsync_store_open(site->engine, path, site->key, &store, &error), SATSYNC_OK,
                  &error);
    satsync_save_options_init(&options);
    options.step = 1;
    engine_expect(satsync_save_begin(store, &options, &begun, &error), SATSYNC_OK, &error);
    engine_expect(satsync_group_save(site->group, begun, &error), SATSYNC_OK, &error);
    engine_expect(satsync_save_commit(begun, &operation, &error), SATSYNC_OK, &error);
    engine_expect(satsync_operation_wait(operation, UINT64_MAX, &error), SATSYNC_OK, &error);
    satsync_operation_free(operation);
    satsync_store_close(store);
}

static void load(struct group_world *world, size_t number, const char *path, size_t owner) {
    struct group_site *site = &world->sites[number];
    struct satsync_error error;
    struct satsync_store *store;
    struct satsync_reader *reader;
    engine_expect(satsync_store_open(site->engine, path, world->sites[owner].key, &store, &error),
                  SATSYNC_OK, &error);
    engine_expect(satsync_reader_open(store, 1, &reader, &error), SATSYNC_OK, &error);
    engine_expect(satsync_group_load(site->group, reader, &error), SATSYNC_OK, &error);
    satsync_reader_close(reader);
    satsync_store_close(store);
}

/* Both sites stop and start again from the first one's checkpoint. The second one's carried error
 * is not in it, and begins anew. */
static void test_group_goes_on_from_a_checkpoint_of_either_site(void **state) {
    (void)state;
    struct group_world world;
    char path[128];
    uint8_t saved[SATSYNC_STATE_HASH_BYTES];
    uint8_t loaded[SATSYNC_STATE_HASH_BYTES];
    static float agreed[GROUP_WORLD_PARAMETERS];
    group_world_init(&world, 2);
    world.options.inner_steps = 3;
    snprintf(path, sizeof path, "%s/store", world.folder);
    group_world_open_all(&world);
    group_world_train(&world, BOTH, 4);
    group_world_agree(&world, BOTH, saved);
    memcpy(agreed, world.sites[0].parameters, sizeof agreed);
    save(&world, 0, path);
    for (size_t i = 0; i < 2; i++) {
        group_world_close(&world, i);
    }
    for (size_t i = 0; i < 2; i++) {
        group_world_open(&world, i);
        load(&world, i, path, 0);
        assert_int_equal(group_world_applied(&world.sites[i]), 4);
        assert_memory_equal(world.sites[i].parameters, agreed, sizeof agreed);
    }
    group_world_agree(&world, BOTH, loaded);
    assert_memory_equal(loaded, saved, sizeof saved);
    group_world_train(&world, BOTH, 7);
    group_world_agree(&world, BOTH, loaded);
    assert_memory_not_equal(loaded, saved, sizeof saved);
    group_world_fini(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_group_goes_on_from_a_checkpoint_of_either_site),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
