#include "group/promise_file.h"

#include "support/cmocka.h"
#include "support/store_world.h"

#include <stdio.h>
#include <string.h>

static char path[128];

static const char *path_in(struct world *world) {
    snprintf(path, sizeof path, "%s%spromises", world->base, world->base[0] ? "/" : "");
    return path;
}

static void open_file(struct promise_file *file, struct world *world) {
    struct satsync_error error = {0};
    enum satsync_status status = promise_file_init(file, world->disk, path_in(world), NULL, &error);
    if (status != SATSYNC_OK) {
        fail_msg("%s: %s", error.subject, error.message);
    }
}

static void keeps_the_last(struct world *world) {
    struct promise_file file;
    struct satsync_error error;
    open_file(&file, world);
    assert_null(file.data);
    for (unsigned i = 1; i <= 3; i++) {
        uint8_t bytes[5000];
        memset(bytes, (int)i, sizeof bytes);
        assert_int_equal(promise_file_keep(&file, bytes, i * 1500, &error), SATSYNC_OK);
        struct promise_file again;
        open_file(&again, world);
        assert_int_equal(again.bytes, i * 1500);
        assert_memory_equal(again.data, bytes, again.bytes);
        promise_file_fini(&again);
    }
    promise_file_fini(&file);
}

static void test_what_was_kept_last_is_read(void **state) {
    (void)state;
    world_for_each(keeps_the_last);
}

/* A process died between writing the new file and giving it its name. */
static void replaces_what_a_dead_process_left(struct world *world) {
    struct promise_file file;
    struct satsync_error error;
    open_file(&file, world);
    assert_int_equal(promise_file_keep(&file, "old", 3, &error), SATSYNC_OK);
    struct disk_file *handle;
    char fresh[160];
    snprintf(fresh, sizeof fresh, "%s.new", path);
    assert_int_equal(
        world->disk->ops->open(world->disk, fresh, DISK_WRITE | DISK_CREATE, &handle, &error),
        SATSYNC_OK);
    world->disk->ops->close(world->disk, handle);
    struct promise_file again;
    open_file(&again, world);
    assert_memory_equal(again.data, "old", 3);
    assert_int_equal(promise_file_keep(&again, "newer", 5, &error), SATSYNC_OK);
    promise_file_fini(&again);
    open_file(&again, world);
    assert_int_equal(again.bytes, 5);
    promise_file_fini(&again);
    promise_file_fini(&file);
}

static void test_half_a_change_is_no_change(void **state) {
    (void)state;
    world_for_each(replaces_what_a_dead_process_left);
}

static void test_directory_that_is_missing_is_told(void **state) {
    (void)state;
    struct world world;
    assert_true(world_begin(&world, WORLD_POSIX));
    struct promise_file file;
    struct satsync_error error = {0};
    char nowhere[160];
    snprintf(nowhere, sizeof nowhere, "%s/none/promises", world.base);
    assert_int_equal(promise_file_init(&file, world.disk, nowhere, NULL, &error), SATSYNC_OK);
    assert_int_equal(promise_file_keep(&file, "x", 1, &error), SATSYNC_NOT_FOUND);
    assert_non_null(strstr(error.subject, "none"));
    promise_file_fini(&file);
    world_end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_kept_last_is_read),
        cmocka_unit_test(test_half_a_change_is_no_change),
        cmocka_unit_test(test_directory_that_is_missing_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
