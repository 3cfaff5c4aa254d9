#include "support/cmocka.h"
#include "support/content.h"
#include "support/engine_world.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum satsync_status restore(struct engine_world *world, const char *output,
                                   const char *const *tensors, size_t count,
                                   struct satsync_error *error) {
    struct satsync_restore_options options;
    satsync_restore_options_init(&options);
    options.step = 1;
    options.output = output;
    options.tensors = tensors;
    options.tensor_count = count;
    struct satsync_operation *operation;
    enum satsync_status status = satsync_restore_files(world->store, &options, &operation, error);
    if (status == SATSYNC_OK) {
        status = satsync_operation_wait(operation, UINT64_MAX, error);
        satsync_operation_free(operation);
    }
    return status;
}

/* A 4 by 6 tensor of U16 whose elements are their own positions. */
static void save_grid(struct engine_world *world) {
    uint16_t grid[24];
    for (uint16_t i = 0; i < 24; i++) {
        grid[i] = i;
    }
    const struct satsync_tensor tensors[] = {
        {.name = "grid", .dtype = SATSYNC_U16, .dimensions = 2, .shape = {4, 6}, .data = grid},
        {.name = "odd[0:1]", .dtype = SATSYNC_U8, .dimensions = 1, .shape = {3}, .data = "abc"},
    };
    struct satsync_save_options options;
    satsync_save_options_init(&options);
    options.step = 1;
    struct satsync_save *save;
    struct satsync_operation *operation;
    struct satsync_error error = {0};
    engine_expect(satsync_save_begin(world->store, &options, &save, &error), SATSYNC_OK, &error);
    for (int i = 0; i < 2; i++) {
        engine_expect(satsync_save_put(save, &tensors[i], &error), SATSYNC_OK, &error);
    }
    engine_expect(satsync_save_commit(save, &operation, &error), SATSYNC_OK, &error);
    engine_expect(satsync_operation_wait(operation, UINT64_MAX, &error), SATSYNC_OK, &error);
    satsync_operation_free(operation);
}

static size_t read_file(const char *path, uint8_t *out, size_t room) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t bytes = fread(out, 1, room, file);
    fclose(file);
    return bytes;
}

static void test_box_holds_its_rows(void **state) {
    struct engine_world *world = *state;
    struct satsync_error error = {0};
    save_grid(world);
    const char *out = engine_world_path(world, "box.safetensors");
    const char *tensors[] = {"grid[1:3,2:5]"};
    engine_expect(restore(world, out, tensors, 1, &error), SATSYNC_OK, &error);
    uint8_t file[512];
    size_t bytes = read_file(out, file, sizeof file);
    const uint16_t expected[] = {8, 9, 10, 14, 15, 16};
    assert_true(bytes > sizeof expected);
    assert_memory_equal(file + bytes - sizeof expected, expected, sizeof expected);
    assert_non_null(memmem(file, bytes, "\"shape\":[2,3]", 13));
}

static void test_name_that_ends_in_brackets_is_a_name_first(void **state) {
    struct engine_world *world = *state;
    struct satsync_error error = {0};
    save_grid(world);
    const char *out = engine_world_path(world, "odd.safetensors");
    const char *tensors[] = {"odd[0:1]"};
    engine_expect(restore(world, out, tensors, 1, &error), SATSYNC_OK, &error);
    uint8_t file[512];
    size_t bytes = read_file(out, file, sizeof file);
    assert_memory_equal(file + bytes - 3, "abc", 3);
}

static void test_selections_that_cannot_be_are_named(void **state) {
    struct engine_world *world = *state;
    save_grid(world);
    const char *out = engine_world_path(world, "none.safetensors");
    static const struct {
        const char *selection;
        enum satsync_status status;
    } bad[] = {
        {"nothing", SATSYNC_NOT_FOUND},         {"grid[1:3]", SATSYNC_INVALID},
        {"grid[1:3,2:7]", SATSYNC_INVALID},     {"grid[3:1,0:1]", SATSYNC_INVALID},
        {"grid[1:3,2:5,0:1]", SATSYNC_INVALID}, {"grid[1:3,2:5", SATSYNC_INVALID},
        {"grid[a:b,0:1]", SATSYNC_INVALID},     {"grid[1:3,2:5]x", SATSYNC_INVALID},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct satsync_error error = {0};
        assert_int_equal(restore(world, out, &bad[i].selection, 1, &error), bad[i].status);
        assert_int_not_equal(access(out, F_OK), 0);
    }
}

static void test_failure_keeps_the_output_that_was_there(void **state) {
    struct engine_world *world = *state;
    struct satsync_error error = {0};
    save_grid(world);
    char out[160];
    snprintf(out, sizeof out, "%s", engine_world_path(world, "kept.safetensors"));
    FILE *file = fopen(out, "wb");
    assert_non_null(file);
    fputs("precious", file);
    fclose(file);
    char command[256];
    snprintf(command, sizeof command,
             "for p in %s/packs/*.pack; do printf x | dd of=$p conv=notrunc "
             "status=none; done",
             world->root);
    assert_int_equal(system(command), 0);
    assert_int_equal(restore(world, out, NULL, 0, &error), SATSYNC_CORRUPT);
    uint8_t content[64];
    assert_int_equal(read_file(out, content, sizeof content), 8);
    assert_memory_equal(content, "precious", 8);
    /* And no half-written file beside it. */
    DIR *folder = opendir(world->base);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));) {
        assert_null(strstr(entry->d_name, ".partial"));
    }
    closedir(folder);
}

static void test_success_replaces_the_output(void **state) {
    struct engine_world *world = *state;
    struct satsync_error error = {0};
    save_grid(world);
    const char *out = engine_world_path(world, "old.safetensors");
    FILE *file = fopen(out, "wb");
    assert_non_null(file);
    fputs("old", file);
    fclose(file);
    engine_expect(restore(world, out, NULL, 0, &error), SATSYNC_OK, &error);
    uint8_t content[512];
    assert_true(read_file(out, content, sizeof content) > 3 + 48);
}

static void test_selection_into_a_directory_is_refused(void **state) {
    struct engine_world *world = *state;
    struct satsync_error error = {0};
    save_grid(world);
    const char *tensors[] = {"grid"};
    assert_int_equal(restore(world, engine_world_path(world, "folder/"), tensors, 1, &error),
                     SATSYNC_INVALID);
}

#define WORLD_TEST(test)                                                                           \
    cmocka_unit_test_setup_teardown(test, engine_world_setup, engine_world_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_box_holds_its_rows),
        WORLD_TEST(test_name_that_ends_in_brackets_is_a_name_first),
        WORLD_TEST(test_selections_that_cannot_be_are_named),
        WORLD_TEST(test_failure_keeps_the_output_that_was_there),
        WORLD_TEST(test_success_replaces_the_output),
        WORLD_TEST(test_selection_into_a_directory_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
