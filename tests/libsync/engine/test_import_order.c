#include "engine/import_order.h"

#include "support/cmocka.h"
#include "support/engine_world.h"

#include <stdio.h>
#include <string.h>

static struct import_types types_in(struct engine_world *world, const char *bytes, size_t count) {
    char path[160];
    snprintf(path, sizeof path, "%s/f.safetensors", world->base);
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    fwrite(bytes, 1, count, out);
    assert_int_equal(fclose(out), 0);
    struct disk *disk;
    struct file file;
    struct satsync_error error;
    engine_expect(world->engine->ports.disk_open(NULL, &disk, &error), SATSYNC_OK, &error);
    engine_expect(file_open(disk, path, DISK_READ, &file, &error), SATSYNC_OK, &error);
    struct import_types types = import_types_of(&file, NULL);
    file_close(&file);
    disk->ops->free(disk);
    return types;
}

static struct import_types types_of_header(struct engine_world *world, const char *header) {
    char bytes[512] = {(char)strlen(header)};
    memcpy(bytes + 8, header, strlen(header));
    return types_in(world, bytes, 8 + strlen(header));
}

static void test_a_header_names_its_types(void **state) {
    struct engine_world *world = *state;
    struct import_types types =
        types_of_header(world, "{\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}");
    assert_true(types.fp32 && !types.bf16);
    types =
        types_of_header(world, "{\"a\":{\"dtype\":\"BF16\",\"shape\":[0],\"data_offsets\":[0,0]}}");
    assert_true(!types.fp32 && types.bf16);
}

static void test_a_file_that_is_none_names_nothing(void **state) {
    struct engine_world *world = *state;
    struct import_types types = types_in(world, "abc", 3);
    assert_true(!types.fp32 && !types.bf16);
    types = types_in(world, "\x40\0\0\0\0\0\0\0\"F32\"", 13); /* cut short */
    assert_true(!types.fp32 && !types.bf16);
    types = types_in(world, "\xff\xff\xff\xff\xff\xff\xff\x7f\"F32\"", 13);
    assert_true(!types.fp32 && !types.bf16);
}

static void test_files_with_fp32_go_first_in_their_order(void **state) {
    (void)state;
    char names[] = "abcde";
    char *files[] = {names, names + 1, names + 2, names + 3, names + 4};
    struct import_types types[] = {
        {false, true}, {true, false}, {false, false}, {true, true}, {false, true}};
    char order[6] = {0};
    import_order(files, types, 5);
    for (int i = 0; i < 5; i++) {
        order[i] = *files[i];
        assert_int_equal(types[i].fp32, i < 2);
    }
    assert_string_equal(order, "bdace");
    import_order(files, types, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_header_names_its_types),
        cmocka_unit_test(test_a_file_that_is_none_names_nothing),
        cmocka_unit_test(test_files_with_fp32_go_first_in_their_order),
    };
    return cmocka_run_group_tests(tests, engine_world_setup, engine_world_teardown);
}
