#include "engine/tensor_file.h"

#include "support/cmocka.h"
#include "support/engine_world.h"

#include <stdio.h>
#include <string.h>

static const char header[] = "{\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
                             "\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[4,6]}}";

/* A file of that header and data, `bytes` of the whole. */
static enum satsync_status open_cut(struct engine_world *world, size_t bytes, struct disk **disk,
                                    struct tensor_file *tensors, struct satsync_error *error) {
    static char path[160];
    uint8_t file[256] = {sizeof header - 1};
    snprintf(path, sizeof path, "%s/t.safetensors", world->base);
    memcpy(file + 8, header, sizeof header - 1);
    memcpy(file + 8 + sizeof header - 1, "WXYZuv", 6);
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    fwrite(file, 1, bytes, out);
    assert_int_equal(fclose(out), 0);
    engine_expect(world->engine->ports.disk_open(NULL, disk, error), SATSYNC_OK, error);
    return tensor_file_open(tensors, *disk, path, NULL, error);
}

enum { WHOLE = 8 + sizeof header - 1 + 6 };

static void test_tensors_are_found_by_name_and_read(void **state) {
    struct satsync_error error;
    struct disk *disk;
    struct tensor_file tensors;
    char data[4];
    engine_expect(open_cut(*state, WHOLE, &disk, &tensors, &error), SATSYNC_OK, &error);
    const struct safetensors_tensor *b = tensor_file_find(&tensors, "b");
    const struct safetensors_tensor *a = tensor_file_find(&tensors, "a");
    assert_non_null(a);
    assert_non_null(b);
    assert_null(tensor_file_find(&tensors, "c"));
    assert_null(tensor_file_find(&tensors, ""));
    engine_expect(tensor_file_read(&tensors, b, 1, data, 3, &error), SATSYNC_OK, &error);
    assert_memory_equal(data, "XYZ", 3);
    engine_expect(tensor_file_read(&tensors, a, 0, data, 2, &error), SATSYNC_OK, &error);
    assert_memory_equal(data, "uv", 2);
    tensor_file_close(&tensors);
    disk->ops->free(disk);
}

static void test_file_cut_short_anywhere_is_refused(void **state) {
    for (size_t bytes = 0; bytes < WHOLE; bytes++) {
        struct satsync_error error = {0};
        struct disk *disk;
        struct tensor_file tensors;
        engine_expect(open_cut(*state, bytes, &disk, &tensors, &error), SATSYNC_INVALID, &error);
        tensor_file_close(&tensors);
        disk->ops->free(disk);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tensors_are_found_by_name_and_read),
        cmocka_unit_test(test_file_cut_short_anywhere_is_refused),
    };
    return cmocka_run_group_tests(tests, engine_world_setup, engine_world_teardown);
}
