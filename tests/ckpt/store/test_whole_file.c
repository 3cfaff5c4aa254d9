#include "ckpt/store/whole_file.h"

#include "ckpt/store/layout.h"
#include "sim-link/faulty_disk.h"
#include "support/cmocka.h"
#include "support/store_world.h"

#include <stdlib.h>
#include <string.h>

static void expect(struct world *world, const char *text) {
    uint8_t *data;
    size_t bytes;
    struct store_path path = layout_path(world_store(world), "trusted/f");
    assert_int_equal(
        whole_file_read(world_store(world), path.text, strlen(text), &data, &bytes, NULL),
        SATSYNC_OK);
    assert_int_equal(bytes, strlen(text));
    assert_memory_equal(data, text, bytes);
    free(data);
}

static void publish_and_replace(struct world *world) {
    struct store *store = world_store(world);
    struct whole_file file = {.directory = "trusted", .name = "f", .data = "one", .bytes = 3};
    assert_int_equal(whole_file_publish(store, &file, NULL), SATSYNC_OK);
    expect(world, "one");
    file.data = "two";
    assert_int_equal(whole_file_publish(store, &file, NULL), SATSYNC_CONFLICT);
    expect(world, "one");
    assert_int_equal(whole_file_replace(store, &file, NULL), SATSYNC_OK);
    expect(world, "two");
    file.bytes = 0;
    assert_int_equal(whole_file_replace(store, &file, NULL), SATSYNC_OK);
    expect(world, "");
    assert_int_equal(world_count(world, "trusted"), 1);
}

static void test_publish_never_replaces_and_replace_does(void **state) {
    (void)state;
    world_for_each(publish_and_replace);
}

static void test_a_file_above_the_limit_is_refused(void **state) {
    (void)state;
    struct world world;
    uint8_t *data;
    size_t bytes;
    assert_true(world_begin(&world, WORLD_FAULTY));
    struct store *store = world_store(&world);
    struct whole_file file = {.directory = "trusted", .name = "f", .data = "1234", .bytes = 4};
    assert_int_equal(whole_file_publish(store, &file, NULL), SATSYNC_OK);
    struct store_path path = layout_path(store, "trusted/f");
    assert_int_equal(whole_file_read(store, path.text, 3, &data, &bytes, NULL), SATSYNC_LIMIT);
    assert_null(data);
    assert_int_equal(whole_file_read(store, "/none", 3, &data, &bytes, NULL), SATSYNC_NOT_FOUND);
    world_end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_publish_never_replaces_and_replace_does),
        cmocka_unit_test(test_a_file_above_the_limit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
