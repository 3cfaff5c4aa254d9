/* What selections take, as the names in the file that they make. */
#include "engine/export.h"

#include "support/cmocka.h"
#include "support/engine_world.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void save_layers(struct engine_world *world) {
    static const char *const names[] = {"layers.1.w",  "layers.1.b", "layers.10.w",
                                        "layers.10.b", "head",       "star*"};
    uint16_t data[6] = {1, 2, 3, 4, 5, 6};
    struct satsync_save_options options;
    struct satsync_save *save;
    struct satsync_operation *operation;
    struct satsync_error error;
    satsync_save_options_init(&options);
    engine_expect(satsync_save_begin(world->store, &options, &save, &error), SATSYNC_OK, &error);
    for (size_t i = 0; i < 6; i++) {
        const struct satsync_tensor tensor = {.name = names[i],
                                              .dtype = SATSYNC_U16,
                                              .dimensions = i % 2 == 0 ? 2 : 1,
                                              .shape = {2, 3},
                                              .data = data};
        engine_expect(satsync_save_put(save, &tensor, &error), SATSYNC_OK, &error);
    }
    engine_expect(satsync_save_commit(save, &operation, &error), SATSYNC_OK, &error);
    engine_expect(satsync_operation_wait(operation, UINT64_MAX, &error), SATSYNC_OK, &error);
    satsync_operation_free(operation);
}

static enum satsync_status restore(struct engine_world *world, const char *const *tensors,
                                   size_t count, struct satsync_error *error) {
    struct satsync_restore_options options;
    struct satsync_operation *operation;
    satsync_restore_options_init(&options);
    options.output = engine_world_path(world, "out.safetensors");
    options.tensors = tensors;
    options.tensor_count = count;
    enum satsync_status status = satsync_restore_files(world->store, &options, &operation, error);
    if (status == SATSYNC_OK) {
        status = satsync_operation_wait(operation, UINT64_MAX, error);
        satsync_operation_free(operation);
    }
    return status;
}

/* The JSON header of what was restored. */
static void read_header(struct engine_world *world, char out[4096]) {
    FILE *file = fopen(engine_world_path(world, "out.safetensors"), "rb");
    assert_non_null(file);
    memset(out, 0, 4096);
    assert_int_equal(fseek(file, 8, SEEK_SET), 0);
    assert_true(fread(out, 1, 4095, file) > 0);
    fclose(file);
}

static unsigned count(const char *text, const char *word) {
    unsigned found = 0;
    for (const char *at = text; (at = strstr(at, word)); at++) {
        found++;
    }
    return found;
}

static void test_patterns_take_each_name_that_is_like_them_once(void **state) {
    struct engine_world *world = *state;
    char header[4096];
    struct satsync_error error;
    save_layers(world);
    static const struct {
        const char *tensors[2];
        unsigned names;
    } cases[] = {
        {{"layers.1.*"}, 2},
        {{"layers.1*"}, 4},
        {{"layers.?.w"}, 1},
        {{"*"}, 6},
        {{"*.w", "layers.*"}, 4},
        {{"*e*"}, 5},
        {{"head", "*d"}, 1},
        {{"star*"}, 1},
        {{"?*"}, 6},
        {{"*.1*.b", "layers.1.b"}, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t given = cases[i].tensors[1] ? 2 : 1;
        enum satsync_status wanted = i == 9 ? SATSYNC_INVALID : SATSYNC_OK;
        engine_expect(restore(world, cases[i].tensors, given, &error), wanted, &error);
        if (wanted == SATSYNC_OK) {
            read_header(world, header);
            assert_int_equal(count(header, "\"shape\""), cases[i].names);
        }
    }
}

static void test_a_box_is_cut_from_each(void **state) {
    struct engine_world *world = *state;
    char header[4096];
    struct satsync_error error;
    save_layers(world);
    engine_expect(restore(world, (const char *[]){"layers.*.w[0:1,1:3]"}, 1, &error), SATSYNC_OK,
                  &error);
    read_header(world, header);
    assert_int_equal(count(header, "\"shape\":[1,2]"), 2);
    /* One of them has another rank. */
    engine_expect(restore(world, (const char *[]){"layers.1.*[0:1,1:3]"}, 1, &error),
                  SATSYNC_INVALID, &error);
}

static void test_a_pattern_that_is_like_none_is_not_found(void **state) {
    struct engine_world *world = *state;
    struct satsync_error error;
    save_layers(world);
    static const char *const patterns[] = {"layers.2.*", "*.c", "?", "head?", "layer?.*.w"};
    for (size_t i = 0; i < 5; i++) {
        engine_expect(restore(world, &patterns[i], 1, &error),
                      i == 4 ? SATSYNC_OK : SATSYNC_NOT_FOUND, &error);
    }
}

int main(void) {
#define WITH_WORLD(test)                                                                           \
    cmocka_unit_test_setup_teardown(test, engine_world_setup, engine_world_teardown)
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_patterns_take_each_name_that_is_like_them_once),
        WITH_WORLD(test_a_box_is_cut_from_each),
        WITH_WORLD(test_a_pattern_that_is_like_none_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
