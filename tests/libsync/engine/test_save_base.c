/* Saves as differences from an older checkpoint, read back through the API. */
#include "engine/save_base.h"

#include "base/random.h"
#include "support/allocator.h"
#include "support/cmocka.h"
#include "support/content.h"
#include "support/engine_world.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

enum { LARGE_BYTES = 1 << 18, CHUNK_BYTES = 65536 };

struct wish {
    uint64_t step;
    enum satsync_base base;
    uint64_t base_step;
};

static enum satsync_status save(const struct content *content, struct satsync_store *store,
                                struct wish wish, struct satsync_error *error) {
    struct satsync_save_options options;
    struct satsync_save *begun;
    struct satsync_operation *operation;
    satsync_save_options_init(&options);
    options.step = wish.step;
    options.base = wish.base;
    options.base_step = wish.base_step;
    options.chunk_bytes = CHUNK_BYTES;
    enum satsync_status status = satsync_save_begin(store, &options, &begun, error);
    if (status != SATSYNC_OK) {
        return status;
    }
    status = content_put(content, begun, error);
    if (status != SATSYNC_OK) {
        satsync_save_abandon(begun);
        return status;
    }
    status = satsync_save_commit(begun, &operation, error);
    if (status == SATSYNC_OK) {
        status = satsync_operation_wait(operation, UINT64_MAX, error);
        satsync_operation_free(operation);
    }
    return status;
}

static void expect_content(const struct content *content, struct satsync_store *store,
                           uint64_t step) {
    bool wrong;
    struct satsync_error error;
    engine_expect(content_check(content, store, step, &wrong, &error), SATSYNC_OK, &error);
    assert_false(wrong);
}

/* Moves some elements of the largest tensor. */
static void train(struct content *content, uint64_t seed, unsigned rare) {
    struct random random = random_of(seed, 0);
    size_t largest = 0;
    for (size_t i = 0; i < CONTENT_TENSORS; i++) {
        largest = content->bytes[i] > content->bytes[largest] ? i : largest;
    }
    for (size_t i = 0; i < content->bytes[largest]; i += 4) {
        content->data[largest][i] ^= random_below(&random, rare) == 0;
    }
}

static uint64_t newest_pack_bytes(struct satsync_store *store, uint64_t step, uint32_t *packs) {
    struct store_manifest manifest;
    struct satsync_error error;
    engine_expect(store_manifest_read(store, step, &manifest, &error), SATSYNC_OK, &error);
    uint64_t bytes = manifest.root.packs[0].bytes;
    *packs = (uint32_t)manifest.root.pack_count;
    store_manifest_fini(&manifest);
    return bytes;
}

static void test_what_did_not_change_costs_its_place_in_the_index(void **state) {
    struct engine_world *world = *state;
    struct content content;
    struct satsync_error error;
    uint32_t packs;
    content_init(&content, 1, LARGE_BYTES);
    engine_expect(save(&content, world->store, (struct wish){1, SATSYNC_BASE_AUTO, 0}, &error),
                  SATSYNC_OK, &error);
    uint64_t whole = newest_pack_bytes(world->store, 1, &packs);
    assert_int_equal(packs, 1);
    engine_expect(save(&content, world->store, (struct wish){2, SATSYNC_BASE_AUTO, 0}, &error),
                  SATSYNC_OK, &error);
    assert_true(newest_pack_bytes(world->store, 2, &packs) <= 8192 && whole > 10 * 8192);
    assert_int_equal(packs, 2);
    expect_content(&content, world->store, 1);
    expect_content(&content, world->store, 2);
    content_fini(&content);
}

/* Each is the base of the next; no chunk ever needs more than two extents. */
static void test_a_line_of_bases_reads_in_two_extents_a_chunk(void **state) {
    struct engine_world *world = *state;
    struct content content;
    struct satsync_error error;
    size_t differences = 0;
    content_init(&content, 2, LARGE_BYTES);
    for (uint64_t step = 1; step <= 6; step++) {
        struct wish wish = {step, step > 1 ? SATSYNC_BASE_STEP : SATSYNC_BASE_NONE, step - 1};
        engine_expect(save(&content, world->store, wish, &error), SATSYNC_OK, &error);
        expect_content(&content, world->store, step);
        struct satsync_reader *reader;
        engine_expect(satsync_reader_open(world->store, step, &reader, &error), SATSYNC_OK, &error);
        for (uint64_t i = 0; i < reader->chunk_count; i++) {
            const struct index_chunk *chunk = &reader->chunks[i];
            assert_int_equal(chunk->has_base, chunk->own.codec == CODEC_DELTA);
            assert_true(!chunk->has_base || chunk->base.codec != CODEC_DELTA);
            differences += chunk->has_base;
        }
        satsync_reader_close(reader);
        if (step % 2) { /* every other step nothing changes, also of differences */
            train(&content, step, 40);
        }
    }
    assert_int_equal(differences, 5 * LARGE_BYTES / CHUNK_BYTES); /* all but of the first step */
    struct satsync_verify_report report = {0};
    engine_expect(satsync_store_verify(world->store, SATSYNC_ALL_STEPS, &report, &error),
                  SATSYNC_OK, &error);
    content_fini(&content);
}

static void test_a_base_of_other_shape_or_size_is_no_hindrance(void **state) {
    struct engine_world *world = *state;
    struct content first;
    struct content second;
    struct satsync_error error;
    content_init(&first, 3, LARGE_BYTES);
    content_init(&second, 4, LARGE_BYTES / 2);
    engine_expect(content_save(&first, world->store, 1, 4096, &error), SATSYNC_OK, &error);
    engine_expect(save(&first, world->store, (struct wish){2, SATSYNC_BASE_STEP, 1}, &error),
                  SATSYNC_OK, &error);
    engine_expect(save(&second, world->store, (struct wish){3, SATSYNC_BASE_AUTO, 0}, &error),
                  SATSYNC_OK, &error);
    expect_content(&first, world->store, 2);
    expect_content(&second, world->store, 3);
    content_fini(&first);
    content_fini(&second);
}

static void test_a_base_that_is_asked_for_must_be_there(void **state) {
    struct engine_world *world = *state;
    struct content content;
    struct satsync_error error;
    content_init(&content, 5, 4096);
    engine_expect(save(&content, world->store, (struct wish){2, SATSYNC_BASE_STEP, 1}, &error),
                  SATSYNC_NOT_FOUND, &error);
    engine_expect(save(&content, world->store, (struct wish){2, (enum satsync_base)3, 1}, &error),
                  SATSYNC_INVALID, &error);
    engine_expect(save(&content, world->store, (struct wish){2, SATSYNC_BASE_AUTO, 0}, &error),
                  SATSYNC_OK, &error);
    content_fini(&content);
}

/* Flips a byte of every `stride` in all packs of the store. */
static void damage_packs(const struct engine_world *world, long stride) {
    char folder[256];
    snprintf(folder, sizeof folder, "%s/packs", world->root);
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory));) {
        char path[600];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        FILE *file = strstr(entry->d_name, ".pack") ? fopen(path, "r+b") : NULL;
        for (long at = 0; file && fseek(file, at, SEEK_SET) == 0; at += stride) {
            int byte = fgetc(file);
            if (byte == EOF) {
                break;
            }
            fseek(file, at, SEEK_SET);
            fputc(byte ^ 1, file);
        }
        assert_true(!file || fclose(file) == 0);
    }
    closedir(directory);
}

/* Its index, at the pack's end, stays whole here: the chunks before are damaged. */
static void test_damaged_chunks_of_a_base_are_saved_anew(void **state) {
    struct engine_world *world = *state;
    struct content content;
    struct satsync_error error;
    content_init(&content, 6, LARGE_BYTES);
    engine_expect(save(&content, world->store, (struct wish){1, SATSYNC_BASE_NONE, 0}, &error),
                  SATSYNC_OK, &error);
    damage_packs(world, 40000);
    engine_expect(save(&content, world->store, (struct wish){2, SATSYNC_BASE_AUTO, 0}, &error),
                  SATSYNC_OK, &error);
    expect_content(&content, world->store, 2);
    content_fini(&content);
}

static void test_damage_of_what_is_referred_to_is_found(void **state) {
    struct engine_world *world = *state;
    struct content content;
    struct satsync_error error;
    bool wrong;
    content_init(&content, 7, LARGE_BYTES);
    for (uint64_t step = 1; step <= 2; step++) {
        engine_expect(
            save(&content, world->store, (struct wish){step, SATSYNC_BASE_AUTO, 0}, &error),
            SATSYNC_OK, &error);
        train(&content, step, 40);
    }
    train(&content, 2, 40); /* undone: as it was saved */
    expect_content(&content, world->store, 2);
    damage_packs(world, 20000);
    struct satsync_verify_report report = {0};
    assert_int_not_equal(satsync_store_verify(world->store, 2, &report, &error), SATSYNC_OK);
    assert_true(report.damaged > 0);
    assert_int_not_equal(content_check(&content, world->store, 2, &wrong, &error), SATSYNC_OK);
    assert_false(wrong);
    content_fini(&content);
}

/* Two saves of one content with the n-th allocation of the second failing, for each n. */
static void test_every_failed_allocation_is_told_and_nothing_leaks(void **state) {
    (void)state;
    struct content content;
    content_init(&content, 8, CHUNK_BYTES);
    for (bool failed = true; failed;) {
        static size_t n = 1;
        struct counting_allocator counting;
        counting_allocator_init(&counting, 0);
        struct satsync_engine_options options;
        satsync_engine_options_init(&options);
        options.memory_bytes = 8 << 20;
        options.allocate = counting.allocator.allocate;
        options.release = counting.allocator.release;
        options.allocate_context = &counting;
        struct engine_world world;
        struct satsync_error error = {0};
        engine_world_open_faulty(&world, &options, 1);
        engine_expect(save(&content, world.store, (struct wish){1, SATSYNC_BASE_NONE, 0}, &error),
                      SATSYNC_OK, &error);
        train(&content, n, 40);
        counting.fail_at = counting.calls + n++;
        enum satsync_status status =
            save(&content, world.store, (struct wish){2, SATSYNC_BASE_STEP, 1}, &error);
        failed = counting.calls >= counting.fail_at;
        counting.fail_at = 0;
        if (status == SATSYNC_OK) {
            expect_content(&content, world.store, 2);
        } else {
            engine_expect(status, SATSYNC_NO_MEMORY, &error);
        }
        engine_world_close(&world);
        assert_int_equal(counting.live, 0);
    }
    content_fini(&content);
}

int main(void) {
#define WITH_WORLD(test)                                                                           \
    cmocka_unit_test_setup_teardown(test, engine_world_setup, engine_world_teardown)
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_what_did_not_change_costs_its_place_in_the_index),
        WITH_WORLD(test_a_line_of_bases_reads_in_two_extents_a_chunk),
        WITH_WORLD(test_a_base_of_other_shape_or_size_is_no_hindrance),
        WITH_WORLD(test_a_base_that_is_asked_for_must_be_there),
        WITH_WORLD(test_damaged_chunks_of_a_base_are_saved_anew),
        WITH_WORLD(test_damage_of_what_is_referred_to_is_found),
        cmocka_unit_test(test_every_failed_allocation_is_told_and_nothing_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
