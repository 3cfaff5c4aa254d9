#include "base/bytes.h"
#include "base/random.h"
#include "codec/seal.h"
#include "model/patch.h"
#include "support/cmocka.h"
#include "support/patches.h"

#include <stdlib.h>
#include <string.h>

/* Steps 1 and 2 as files, and the patch between them. */
static void prepare(struct engine_world *world) {
    struct satsync_error error;
    patches_save(world);
    patches_restore(world, 1, "1.safetensors");
    patches_restore(world, 2, "2.safetensors");
    engine_expect(patches_make(world, 1, 2, "p", &error), SATSYNC_OK, &error);
}

static bool same_files(struct engine_world *world, const char *a, const char *b) {
    size_t bytes[2];
    uint8_t *left = patches_read(world, a, &bytes[0]);
    uint8_t *right = patches_read(world, b, &bytes[1]);
    bool same = bytes[0] == bytes[1] && memcmp(left, right, bytes[0]) == 0;
    free(left);
    free(right);
    return same;
}

static void test_result_is_what_restore_writes(void **state) {
    struct engine_world *world = *state;
    struct satsync_error error;
    prepare(world);
    engine_expect(patches_apply(world, "p", "1.safetensors", "out", &error), SATSYNC_OK, &error);
    assert_true(same_files(world, "out", "2.safetensors"));
    assert_int_equal(patches_partials(world), 0);
}

static void test_output_may_be_the_base(void **state) {
    struct engine_world *world = *state;
    struct satsync_error error;
    prepare(world);
    engine_expect(patches_apply(world, "p", "1.safetensors", "1.safetensors", &error), SATSYNC_OK,
                  &error);
    assert_true(same_files(world, "1.safetensors", "2.safetensors"));
}

static void test_any_other_base_is_refused_and_nothing_is_written(void **state) {
    struct engine_world *world = *state;
    struct satsync_error error = {0};
    struct random random = random_of(1, 0);
    size_t bytes;
    prepare(world);
    uint8_t *data = patches_read(world, "1.safetensors", &bytes);
    for (unsigned i = 0; i < 12; i++) {
        size_t at = bytes - 1 - (size_t)random_below(&random, bytes - 8192);
        data[at] ^= 1;
        patches_write(world, "bad", data, bytes);
        data[at] ^= 1;
        engine_expect(patches_apply(world, "p", "bad", "out", &error), SATSYNC_CONFLICT, &error);
        assert_non_null(strstr(error.subject, "/bad"));
        assert_false(patches_exists(world, "out"));
    }
    free(data);
    engine_expect(patches_apply(world, "p", "2.safetensors", "out", &error), SATSYNC_CONFLICT,
                  &error);
    engine_expect(patches_apply(world, "p", "p", "out", &error), SATSYNC_INVALID, &error);
    engine_expect(patches_apply(world, "p", "none", "out", &error), SATSYNC_NOT_FOUND, &error);
    assert_int_equal(patches_partials(world), 0);
}

static void test_damaged_patch_is_refused_and_nothing_is_written(void **state) {
    struct engine_world *world = *state;
    struct satsync_error error = {0};
    struct random random = random_of(2, 0);
    size_t bytes;
    prepare(world);
    uint8_t *data = patches_read(world, "p", &bytes);
    for (unsigned i = 0; i < 40; i++) {
        size_t at = PATCH_HEAD_BYTES + (size_t)random_below(&random, bytes - PATCH_HEAD_BYTES);
        bool cuts = i % 4 == 0;
        data[at] ^= 1;
        patches_write(world, "q", data, cuts ? at + PATCH_TAIL_BYTES / 2 : bytes);
        data[at] ^= 1;
        enum satsync_status status = patches_apply(world, "q", "1.safetensors", "out", &error);
        assert_true(status == SATSYNC_CORRUPT || (cuts && status == SATSYNC_INVALID));
        assert_non_null(strstr(error.subject, "/q"));
    }
    free(data);
    assert_false(patches_exists(world, "out"));
    assert_int_equal(patches_partials(world), 0);
}

/* A patch by somebody who makes its digest fit: anything may stand in it. */
static void test_hostile_patch_is_harmless(void **state) {
    struct engine_world *world = *state;
    struct satsync_error error = {0};
    struct random random = random_of(3, 0);
    size_t bytes;
    prepare(world);
    uint8_t *data = patches_read(world, "p", &bytes);
    for (unsigned i = 0; i < 60; i++) {
        size_t end = bytes - PATCH_DIGEST_BYTES;
        size_t at = i < 30 ? i : (size_t)random_below(&random, end);
        uint8_t was = data[at];
        data[at] = (uint8_t)random_below(&random, 256);
        bool changed = data[at] != was;
        digest_of(data, end, data + end);
        patches_write(world, "q", data, bytes);
        data[at] = was;
        enum satsync_status status = patches_apply(world, "q", "1.safetensors", "out", &error);
        if (status == SATSYNC_OK) { /* a step's number, or nothing changed */
            assert_true(!changed || at < PATCH_HEAD_BYTES);
            assert_true(same_files(world, "out", "2.safetensors"));
        }
    }
    free(data);
    assert_int_equal(patches_partials(world), 0);
}

static void test_options_are_checked(void **state) {
    struct engine_world *world = *state;
    struct satsync_error error = {0};
    struct satsync_operation *operation;
    struct satsync_patch_apply_options options;
    satsync_patch_apply_options_init(&options);
    engine_expect(satsync_patch_apply(world->engine, &options, &operation, &error), SATSYNC_INVALID,
                  &error);
    options.patch = options.base = "x";
    options.output = "";
    engine_expect(satsync_patch_apply(world->engine, &options, &operation, &error), SATSYNC_INVALID,
                  &error);
    options.size = 1;
    engine_expect(satsync_patch_apply(world->engine, &options, &operation, &error), SATSYNC_INVALID,
                  &error);
    assert_null(operation);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_result_is_what_restore_writes, engine_world_setup,
                                        engine_world_teardown),
        cmocka_unit_test_setup_teardown(test_output_may_be_the_base, engine_world_setup,
                                        engine_world_teardown),
        cmocka_unit_test_setup_teardown(test_any_other_base_is_refused_and_nothing_is_written,
                                        engine_world_setup, engine_world_teardown),
        cmocka_unit_test_setup_teardown(test_damaged_patch_is_refused_and_nothing_is_written,
                                        engine_world_setup, engine_world_teardown),
        cmocka_unit_test_setup_teardown(test_hostile_patch_is_harmless, engine_world_setup,
                                        engine_world_teardown),
        cmocka_unit_test_setup_teardown(test_options_are_checked, engine_world_setup,
                                        engine_world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
