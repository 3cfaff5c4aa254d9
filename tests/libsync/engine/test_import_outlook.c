#include "engine/import_outlook.h"

#include "support/cmocka.h"
#include "support/engine_world.h"

#include <stdio.h>
#include <string.h>

/* A file of this text, after a length of 8 bytes if it is safetensors; its size. */
static size_t write_file(struct engine_world *world, const char *name, const char *text,
                         bool is_safetensors) {
    FILE *out = fopen(engine_world_path(world, name), "wb");
    assert_non_null(out);
    uint64_t length = strlen(text);
    fwrite(&length, is_safetensors ? 8 : 0, 1, out);
    fputs(text, out);
    assert_int_equal(fclose(out), 0);
    return (size_t)length + (is_safetensors ? 8 : 0);
}

static size_t write_tensors(struct engine_world *world, const char *name, const char *type) {
    char header[128];
    snprintf(header, sizeof header, "{\"a\":{\"dtype\":\"%s\",\"shape\":[0]}}", type);
    return write_file(world, name, header, true);
}

/* Names of files in the world's directory; `names` is put into the order that was found. */
static enum satsync_status look(struct engine_world *world, const char **names, size_t count,
                                struct import_outlook *outlook, struct satsync_error *error) {
    char paths[4][160];
    char *files[4];
    *outlook = (struct import_outlook){.allocator = NULL};
    for (size_t i = 0; i < count; i++) {
        snprintf(paths[i], sizeof paths[i], "%s/%s", world->base, names[i]);
        files[i] = paths[i];
    }
    engine_expect(world->engine->ports.disk_open(NULL, &outlook->disk, error), SATSYNC_OK, error);
    enum satsync_status status = import_outlook(outlook, files, count, error);
    outlook->disk->ops->free(outlook->disk);
    const char *found[4];
    for (size_t i = 0; i < count; i++) {
        found[i] = names[(files[i] - paths[0]) / (ptrdiff_t)sizeof paths[0]];
    }
    memcpy(names, found, count * sizeof *names);
    return status;
}

static void test_sizes_and_types_are_summed_and_fp32_goes_first(void **state) {
    struct engine_world *world = *state;
    struct import_outlook outlook;
    struct satsync_error error;
    const char *names[] = {"b.safetensors", "f.safetensors"};
    size_t bytes = write_tensors(world, names[0], "BF16") + write_tensors(world, names[1], "F32");
    engine_expect(look(world, names, 2, &outlook, &error), SATSYNC_OK, &error);
    assert_int_equal(outlook.bytes, bytes);
    assert_true(outlook.types.fp32 && outlook.types.bf16);
    assert_string_equal(names[0], "f.safetensors");
    engine_expect(look(world, names + 1, 1, &outlook, &error), SATSYNC_OK, &error);
    assert_true(!outlook.types.fp32 && outlook.types.bf16);
}

static void test_a_set_is_as_large_as_its_files(void **state) {
    struct engine_world *world = *state;
    struct import_outlook outlook;
    struct satsync_error error;
    const char *names[] = {"b.safetensors", "m.index.json"};
    size_t bytes = write_tensors(world, "b.safetensors", "BF16");
    bytes +=
        write_tensors(world, "1.safetensors", "I8") + write_tensors(world, "2.safetensors", "F32");
    bytes +=
        write_file(world, "m.index.json",
                   "{\"weight_map\":{\"v\":\"1.safetensors\",\"w\":\"2.safetensors\"}}", false);
    engine_expect(look(world, names, 2, &outlook, &error), SATSYNC_OK, &error);
    assert_int_equal(outlook.bytes, bytes);
    assert_true(outlook.types.fp32 && outlook.types.bf16);
    assert_string_equal(names[0], "m.index.json");
}

static void test_missing_file_is_named(void **state) {
    struct engine_world *world = *state;
    struct import_outlook outlook;
    struct satsync_error error = {0};
    const char *names[] = {"m.index.json"};
    write_file(world, names[0], "{\"weight_map\":{\"v\":\"none.safetensors\"}}", false);
    engine_expect(look(world, names, 1, &outlook, &error), SATSYNC_NOT_FOUND, &error);
    assert_non_null(strstr(error.subject, "none.safetensors"));
    const char *absent[] = {"absent.safetensors"};
    engine_expect(look(world, absent, 1, &outlook, &error), SATSYNC_NOT_FOUND, &error);
    assert_non_null(strstr(error.subject, "absent.safetensors"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes_and_types_are_summed_and_fp32_goes_first),
        cmocka_unit_test(test_a_set_is_as_large_as_its_files),
        cmocka_unit_test(test_missing_file_is_named),
    };
    return cmocka_run_group_tests(tests, engine_world_setup, engine_world_teardown);
}
