/* Pruning through the API, with differences between checkpoints, and with the power going. */
#include "engine/store.h"

#include "sim-link/faulty_disk.h"
#include "support/cmocka.h"
#include "support/content.h"
#include "support/engine_world.h"

#include <stdio.h>
#include <string.h>

enum { LARGE_BYTES = 1 << 16, STEPS = 6 };

/* Steps 1 to STEPS; the even ones are differences from the odd ones before. */
static void save_all(struct engine_world *world, struct content *content) {
    content_init(content, 1, LARGE_BYTES);
    for (uint64_t step = 1; step <= STEPS; step++) {
        struct satsync_save_options options;
        struct satsync_save *save;
        struct satsync_operation *operation;
        struct satsync_error error;
        satsync_save_options_init(&options);
        options.step = step;
        options.chunk_bytes = 4096;
        options.base = step % 2 == 0 ? SATSYNC_BASE_AUTO : SATSYNC_BASE_NONE;
        engine_expect(satsync_save_begin(world->store, &options, &save, &error), SATSYNC_OK,
                      &error);
        engine_expect(content_put(content, save, &error), SATSYNC_OK, &error);
        engine_expect(satsync_save_commit(save, &operation, &error), SATSYNC_OK, &error);
        engine_expect(satsync_operation_wait(operation, UINT64_MAX, &error), SATSYNC_OK, &error);
        satsync_operation_free(operation);
    }
}

static enum satsync_status prune(struct satsync_store *store, uint64_t keep_last,
                                 uint64_t keep_every, struct satsync_prune_report *report,
                                 struct satsync_error *error) {
    struct satsync_prune_options options;
    satsync_prune_options_init(&options);
    options.keep_last = keep_last;
    options.keep_every = keep_every;
    return satsync_store_prune(store, &options, report, error);
}

/* Bit N: step N is there, and every byte of it. */
static unsigned steps_there(const struct content *content, struct satsync_store *store) {
    uint64_t steps[STEPS + 1];
    size_t count;
    unsigned mask = 0;
    struct satsync_error error;
    engine_expect(satsync_store_steps(store, steps, STEPS + 1, &count, &error), SATSYNC_OK, &error);
    for (size_t i = 0; i < count; i++) {
        bool wrong;
        engine_expect(content_check(content, store, steps[i], &wrong, &error), SATSYNC_OK, &error);
        assert_false(wrong);
        mask |= 1u << steps[i];
    }
    return mask;
}

static void test_what_no_option_keeps_goes(void **state) {
    struct engine_world *world = *state;
    struct content content;
    struct satsync_error error;
    uint64_t steps[2];
    struct satsync_prune_report report = {.steps = steps, .capacity = 2};
    save_all(world, &content);
    engine_expect(prune(world->store, 2, 3, &report, &error), SATSYNC_OK, &error);
    assert_int_equal(steps_there(&content, world->store), 1u << 3 | 1u << 5 | 1u << 6);
    assert_int_equal(report.removed, 3);
    assert_int_equal(report.kept, 3);
    assert_int_equal(steps[0], 1);
    assert_int_equal(steps[1], 2);
    engine_expect(prune(world->store, 1, 0, &report, &error), SATSYNC_OK, &error);
    assert_int_equal(steps_there(&content, world->store), 1u << 6);
    content_fini(&content);
}

/* Step 6 refers to step 5's pack, which stays with it; those of 1 to 4 are freed. */
static void test_freed_bytes_are_those_that_nobody_refers_to(void **state) {
    struct engine_world *world = *state;
    struct content content;
    struct satsync_error error;
    struct satsync_checkpoint_info info;
    struct satsync_prune_report report = {0};
    uint64_t expected = 0;
    save_all(world, &content);
    for (uint64_t step = 1; step <= 4; step++) {
        struct store_manifest manifest;
        engine_expect(store_manifest_read(world->store, step, &manifest, &error), SATSYNC_OK,
                      &error);
        expected += manifest.root.packs[0].bytes;
        store_manifest_fini(&manifest);
    }
    engine_expect(prune(world->store, 1, 0, &report, &error), SATSYNC_OK, &error);
    assert_int_equal(report.freed_bytes, expected);
    engine_expect(satsync_store_info(world->store, 6, &info, &error), SATSYNC_OK, &error);
    assert_int_equal(info.packs, 2);
    engine_expect(prune(world->store, 1, 0, &report, &error), SATSYNC_OK, &error);
    assert_int_equal(report.removed, 0);
    assert_int_equal(report.freed_bytes, 0);
    assert_int_equal(steps_there(&content, world->store), 1u << 6);
    content_fini(&content);
}

static void test_a_dry_run_reports_the_same_and_does_nothing(void **state) {
    struct engine_world *world = *state;
    struct content content;
    struct satsync_error error;
    struct satsync_prune_report dry = {0};
    struct satsync_prune_report wet = {0};
    struct satsync_prune_options options;
    save_all(world, &content);
    satsync_prune_options_init(&options);
    options.keep_last = 3;
    options.dry_run = 1;
    engine_expect(satsync_store_prune(world->store, &options, &dry, &error), SATSYNC_OK, &error);
    assert_int_equal(steps_there(&content, world->store), 0x7e);
    options.dry_run = 0;
    engine_expect(satsync_store_prune(world->store, &options, &wet, &error), SATSYNC_OK, &error);
    assert_int_equal(steps_there(&content, world->store), 0x70);
    assert_memory_equal(&dry, &wet, sizeof dry);
    content_fini(&content);
}

static void test_the_newest_is_never_asked_to_go(void **state) {
    struct engine_world *world = *state;
    struct satsync_error error;
    struct satsync_prune_report report = {0};
    engine_expect(prune(world->store, 1, 0, &report, &error), SATSYNC_OK, &error); /* none there */
    assert_int_equal(report.kept + report.removed, 0);
    engine_expect(prune(world->store, 0, 5, &report, &error), SATSYNC_INVALID, &error);
    assert_non_null(strstr(error.message, "at least 1"));
}

static void test_a_damaged_manifest_stops_it_before_anything_goes(void **state) {
    struct engine_world *world = *state;
    struct content content;
    struct satsync_error error;
    struct satsync_prune_report report = {0};
    save_all(world, &content);
    char path[256];
    snprintf(path, sizeof path, "%s/manifests/%020d.manifest", world->root, 3);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    fseek(file, 200, SEEK_SET);
    fputc(0x5a, file);
    assert_int_equal(fclose(file), 0);
    assert_int_not_equal(prune(world->store, 1, 0, &report, &error), SATSYNC_OK);
    uint64_t steps[STEPS];
    size_t count;
    engine_expect(satsync_store_steps(world->store, steps, STEPS, &count, &error), SATSYNC_OK,
                  &error);
    assert_int_equal(count, STEPS);
    content_fini(&content);
}

static void reopen(struct engine_world *world) {
    struct satsync_error error;
    satsync_store_close(world->store);
    engine_expect(satsync_store_open(world->engine, world->root, world->key, &world->store, &error),
                  SATSYNC_OK, &error);
}

/* Before every operation of a prune: the newest stays, what is listed is whole, and pruning once
 * more ends as if nothing had been. */
static void test_power_cut_at_any_point_loses_nothing_that_stays(void **state) {
    (void)state;
    bool cut = true;
    for (uint64_t n = 0; cut; n++) {
        struct engine_world world;
        struct content content;
        struct satsync_error error;
        struct satsync_prune_report report = {0};
        engine_world_open_faulty(&world, NULL, n);
        save_all(&world, &content);
        faulty_disk_power_off_at(world.faulty, faulty_disk_operations(world.faulty) + n);
        enum satsync_status status = prune(world.store, 1, 0, &report, &error);
        cut = faulty_disk_is_off(world.faulty);
        assert_true(cut || status == SATSYNC_OK);
        assert_int_equal(faulty_disk_crash(world.faulty), SATSYNC_OK);
        faulty_disk_power_off_at(world.faulty, UINT64_MAX);
        reopen(&world);
        assert_true(steps_there(&content, world.store) & 1u << 6);
        engine_expect(prune(world.store, 1, 0, &report, &error), SATSYNC_OK, &error);
        assert_int_equal(steps_there(&content, world.store), 1u << 6);
        content_fini(&content);
        engine_world_close(&world);
    }
}

int main(void) {
#define WITH_WORLD(test)                                                                           \
    cmocka_unit_test_setup_teardown(test, engine_world_setup, engine_world_teardown)
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_what_no_option_keeps_goes),
        WITH_WORLD(test_freed_bytes_are_those_that_nobody_refers_to),
        WITH_WORLD(test_a_dry_run_reports_the_same_and_does_nothing),
        WITH_WORLD(test_the_newest_is_never_asked_to_go),
        WITH_WORLD(test_a_damaged_manifest_stops_it_before_anything_goes),
        cmocka_unit_test(test_power_cut_at_any_point_loses_nothing_that_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
