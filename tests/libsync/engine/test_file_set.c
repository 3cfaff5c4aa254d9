#include "engine/file_set.h"

#include "support/cmocka.h"
#include "support/engine_world.h"

#include <stdio.h>
#include <string.h>

static void test_an_index_is_known_by_its_name(void **state) {
    (void)state;
    assert_true(file_set_is_index("model.safetensors.index.json"));
    assert_true(file_set_is_index("/a/b/.index.json"));
    assert_false(file_set_is_index("index.json"));
    assert_false(file_set_is_index("model.index.json.safetensors"));
    assert_false(file_set_is_index(""));
}

static void test_members_lie_beside_the_index(void **state) {
    (void)state;
    char path[FILE_SET_PATH_BYTES];
    struct satsync_error error;
    engine_expect(file_set_member("/a/b/m.index.json", "1.safetensors", path, &error), SATSYNC_OK,
                  &error);
    assert_string_equal(path, "/a/b/1.safetensors");
    engine_expect(file_set_member("m.index.json", "1.safetensors", path, &error), SATSYNC_OK,
                  &error);
    assert_string_equal(path, "1.safetensors");
}

static void test_member_that_is_an_index_or_too_long_is_refused(void **state) {
    (void)state;
    char path[FILE_SET_PATH_BYTES];
    char folder[FILE_SET_PATH_BYTES + 1];
    struct satsync_error error = {0};
    engine_expect(file_set_member("m.index.json", "n.index.json", path, &error), SATSYNC_INVALID,
                  &error);
    memset(folder, 'x', sizeof folder);
    folder[sizeof folder - 2] = '/';
    folder[sizeof folder - 1] = 0;
    engine_expect(file_set_member(folder, "1", path, &error), SATSYNC_INVALID, &error);
}

static enum satsync_status read_text(struct engine_world *world, const char *text,
                                     struct index *index, struct satsync_error *error) {
    struct disk *disk;
    struct file file;
    char path[160];
    snprintf(path, sizeof path, "%s/m.index.json", world->base);
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    fputs(text, out);
    assert_int_equal(fclose(out), 0);
    engine_expect(world->engine->ports.disk_open(NULL, &disk, error), SATSYNC_OK, error);
    engine_expect(file_open(disk, path, DISK_READ, &file, error), SATSYNC_OK, error);
    enum satsync_status status = file_set_read(&file, NULL, index, error);
    file_close(&file);
    disk->ops->free(disk);
    return status;
}

static void test_an_index_is_read_or_refused(void **state) {
    struct index index;
    struct satsync_error error = {0};
    engine_expect(read_text(*state, "{\"weight_map\":{\"w\":\"1\",\"v\":\"2\"}}", &index, &error),
                  SATSYNC_OK, &error);
    assert_int_equal(index.file_count, 2);
    index_fini(&index);
    engine_expect(read_text(*state, "{\"weight_map\":", &index, &error), SATSYNC_INVALID, &error);
    engine_expect(read_text(*state, "", &index, &error), SATSYNC_INVALID, &error);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_index_is_known_by_its_name),
        cmocka_unit_test(test_members_lie_beside_the_index),
        cmocka_unit_test(test_member_that_is_an_index_or_too_long_is_refused),
        cmocka_unit_test(test_an_index_is_read_or_refused),
    };
    return cmocka_run_group_tests(tests, engine_world_setup, engine_world_teardown);
}
