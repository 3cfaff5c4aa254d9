#include "model/patch.h"
#include "support/cmocka.h"
#include "support/patches.h"

#include <stdlib.h>
#include <string.h>

static void test_patch_says_what_it_is_and_is_small(void **state) {
    struct engine_world *world = *state;
    struct satsync_error error;
    struct satsync_patch_info info;
    size_t bytes;
    patches_save(world);
    engine_expect(patches_make(world, 1, 2, "p", &error), SATSYNC_OK, &error);
    patches_restore(world, 2, "2.safetensors");
    free(patches_read(world, "2.safetensors", &bytes));
    engine_expect(satsync_patch_info(world->engine, engine_world_path(world, "p"), &info, &error),
                  SATSYNC_OK, &error);
    assert_int_equal(info.from_step, 1);
    assert_int_equal(info.to_step, 2);
    assert_int_equal(info.result_bytes, bytes);
    free(patches_read(world, "p", &bytes));
    assert_int_equal(info.patch_bytes, bytes);
    assert_true(bytes < info.result_bytes / 20);
    assert_int_equal(patches_partials(world), 0);
}

static void test_patch_to_the_same_step_is_next_to_nothing(void **state) {
    struct engine_world *world = *state;
    struct satsync_error error;
    size_t bytes;
    patches_save(world);
    engine_expect(patches_make(world, 2, 2, "p", &error), SATSYNC_OK, &error);
    free(patches_read(world, "p", &bytes));
    assert_true(bytes < 2000);
}

static void test_equal_inputs_give_equal_patches(void **state) {
    struct engine_world *world = *state;
    struct satsync_error error;
    size_t bytes[2];
    patches_save(world);
    engine_expect(patches_make(world, 1, 2, "p", &error), SATSYNC_OK, &error);
    engine_expect(patches_make(world, 1, 2, "q", &error), SATSYNC_OK, &error);
    uint8_t *p = patches_read(world, "p", &bytes[0]);
    uint8_t *q = patches_read(world, "q", &bytes[1]);
    assert_int_equal(bytes[0], bytes[1]);
    assert_memory_equal(p, q, bytes[0]);
    free(p);
    free(q);
}

static void test_failure_leaves_the_output_as_it_was(void **state) {
    struct engine_world *world = *state;
    struct satsync_error error = {0};
    size_t bytes;
    patches_save(world);
    patches_write(world, "p", (const uint8_t *)"old", 3);
    engine_expect(patches_make(world, 1, 3, "p", &error), SATSYNC_NOT_FOUND, &error);
    engine_expect(patches_make(world, 3, 1, "p", &error), SATSYNC_NOT_FOUND, &error);
    uint8_t *data = patches_read(world, "p", &bytes);
    assert_int_equal(bytes, 3);
    free(data);
    engine_expect(patches_make(world, 1, 2, "no/such/p", &error), SATSYNC_NOT_FOUND, &error);
    assert_int_equal(patches_partials(world), 0);
}

static void test_options_are_checked(void **state) {
    struct engine_world *world = *state;
    struct satsync_error error = {0};
    struct satsync_operation *operation;
    struct satsync_patch_options options;
    satsync_patch_options_init(&options);
    engine_expect(satsync_patch_make(world->store, &options, &operation, &error), SATSYNC_INVALID,
                  &error);
    assert_null(operation);
    options.output = "";
    engine_expect(satsync_patch_make(world->store, &options, &operation, &error), SATSYNC_INVALID,
                  &error);
    options.size = 3;
    engine_expect(satsync_patch_make(world->store, &options, &operation, &error), SATSYNC_INVALID,
                  &error);
}

static void test_other_files_have_no_info(void **state) {
    struct engine_world *world = *state;
    struct satsync_error error = {0};
    struct satsync_patch_info info;
    uint8_t zeros[PATCH_HEAD_BYTES + PATCH_TAIL_BYTES] = {0};
    for (size_t bytes = 0; bytes <= sizeof zeros; bytes += sizeof zeros / 2) {
        patches_write(world, "p", zeros, bytes);
        engine_expect(
            satsync_patch_info(world->engine, engine_world_path(world, "p"), &info, &error),
            SATSYNC_INVALID, &error);
    }
    engine_expect(
        satsync_patch_info(world->engine, engine_world_path(world, "none"), &info, &error),
        SATSYNC_NOT_FOUND, &error);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_patch_says_what_it_is_and_is_small, engine_world_setup,
                                        engine_world_teardown),
        cmocka_unit_test_setup_teardown(test_patch_to_the_same_step_is_next_to_nothing,
                                        engine_world_setup, engine_world_teardown),
        cmocka_unit_test_setup_teardown(test_equal_inputs_give_equal_patches, engine_world_setup,
                                        engine_world_teardown),
        cmocka_unit_test_setup_teardown(test_failure_leaves_the_output_as_it_was,
                                        engine_world_setup, engine_world_teardown),
        cmocka_unit_test_setup_teardown(test_options_are_checked, engine_world_setup,
                                        engine_world_teardown),
        cmocka_unit_test_setup_teardown(test_other_files_have_no_info, engine_world_setup,
                                        engine_world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
