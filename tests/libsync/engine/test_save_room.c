#include "engine/save_room.h"

#include "engine/file.h"
#include "sim-link/faulty_disk.h"
#include "support/cmocka.h"
#include "support/content.h"
#include "support/engine_world.h"

#include <stdlib.h>
#include <string.h>

enum { LARGE_BYTES = 8 << 20, MIB = 1 << 20 };

/* A store on a disk with so much room left. */
struct roomy {
    struct engine_world world;
    struct content content;
};

static void begin(struct roomy *roomy) {
    struct satsync_engine_options options;
    satsync_engine_options_init(&options);
    options.memory_bytes = 8 << 20;
    engine_world_open_faulty(&roomy->world, &options, 1);
    content_init(&roomy->content, 1, LARGE_BYTES);
}

static void end(struct roomy *roomy) {
    content_fini(&roomy->content);
    engine_world_close(&roomy->world);
}

static uint64_t used_bytes(struct roomy *roomy) {
    struct disk *disk = roomy->world.faulty;
    struct satsync_error error;
    uint64_t free;
    faulty_disk_set_capacity(disk, UINT64_C(1) << 40);
    engine_expect(disk->ops->free_bytes(disk, "/", &free, &error), SATSYNC_OK, &error);
    return (UINT64_C(1) << 40) - free;
}

static void leave_room(struct roomy *roomy, uint64_t bytes) {
    uint64_t used = used_bytes(roomy);
    faulty_disk_set_capacity(roomy->world.faulty, used + bytes);
}

static struct satsync_save_options options_of(uint64_t step, uint64_t expected_bytes) {
    struct satsync_save_options options;
    satsync_save_options_init(&options);
    options.step = step;
    options.expected_bytes = expected_bytes;
    return options;
}

/* Whether a save with these options begins. */
static bool begins(struct roomy *roomy, const struct satsync_save_options *options) {
    struct satsync_error error = {0};
    struct satsync_save *save;
    enum satsync_status status = satsync_save_begin(roomy->world.store, options, &save, &error);
    if (status == SATSYNC_OK) {
        satsync_save_abandon(save);
        return true;
    }
    engine_expect(status, SATSYNC_NO_SPACE, &error);
    assert_string_equal(error.subject, roomy->world.root);
    return false;
}

static void save(struct roomy *roomy, uint64_t step, enum satsync_base base) {
    struct satsync_save_options options = options_of(step, 0);
    struct satsync_error error;
    options.base = base;
    engine_expect(content_save_with(&roomy->content, roomy->world.store, &options, &error),
                  SATSYNC_OK, &error);
}

static void test_first_save_needs_its_raw_bytes(void **state) {
    (void)state;
    struct roomy roomy;
    begin(&roomy);
    struct satsync_save_options options = options_of(1, 100 * MIB);
    leave_room(&roomy, 100 * MIB);
    assert_true(begins(&roomy, &options));
    leave_room(&roomy, 100 * MIB - 1);
    assert_false(begins(&roomy, &options));
    options.expected_bytes = 0; /* not known, so not looked at */
    assert_true(begins(&roomy, &options));
    end(&roomy);
}

static void test_refusal_writes_nothing_and_says_how_much_is_short(void **state) {
    (void)state;
    struct roomy roomy;
    begin(&roomy);
    const struct satsync_save_options options = options_of(7, 100 * MIB);
    struct satsync_error error = {0};
    struct satsync_save *save;
    leave_room(&roomy, 50 * MIB);
    uint64_t used = used_bytes(&roomy);
    leave_room(&roomy, 50 * MIB);
    engine_expect(satsync_save_begin(roomy.world.store, &options, &save, &error), SATSYNC_NO_SPACE,
                  &error);
    assert_null(save);
    assert_int_equal(used_bytes(&roomy), used);
    assert_string_equal(error.message, "step 7 takes about 100 MiB, and 50 MiB are free; prune old "
                                       "checkpoints, or save to another disk");
    end(&roomy);
}

static void test_parity_needs_room_of_its_own(void **state) {
    (void)state;
    struct roomy roomy;
    begin(&roomy);
    struct satsync_save_options options = options_of(1, 100 * MIB);
    options.data_packs = 4;
    options.parity_packs = 2;
    leave_room(&roomy, 150 * MIB);
    assert_true(begins(&roomy, &options));
    leave_room(&roomy, 149 * MIB);
    assert_false(begins(&roomy, &options));
    end(&roomy);
}

static void test_later_save_needs_what_the_last_one_took(void **state) {
    (void)state;
    struct roomy roomy;
    struct satsync_checkpoint_info info;
    struct satsync_error error;
    begin(&roomy);
    save(&roomy, 1, SATSYNC_BASE_NONE);
    engine_expect(satsync_store_info(roomy.world.store, 1, &info, &error), SATSYNC_OK, &error);
    assert_true(info.stored_bytes < info.raw_bytes * 95 / 100);
    struct satsync_save_options options = options_of(2, info.raw_bytes);
    leave_room(&roomy, info.stored_bytes);
    assert_true(begins(&roomy, &options));
    leave_room(&roomy, info.stored_bytes * 9 / 10);
    assert_false(begins(&roomy, &options));
    end(&roomy);
}

/* A save with a base may take next to nothing: only another one tells. */
static void test_save_with_a_base_is_judged_by_its_like(void **state) {
    (void)state;
    struct roomy roomy;
    begin(&roomy);
    save(&roomy, 1, SATSYNC_BASE_NONE);
    struct satsync_save_options options = options_of(2, LARGE_BYTES);
    options.base = SATSYNC_BASE_AUTO;
    leave_room(&roomy, MIB);
    assert_true(begins(&roomy, &options));
    faulty_disk_set_capacity(roomy.world.faulty, UINT64_MAX);
    save(&roomy, 2, SATSYNC_BASE_AUTO); /* nothing changed */
    options.step = 3;
    leave_room(&roomy, MIB);
    assert_true(begins(&roomy, &options));
    options.base = SATSYNC_BASE_NONE;
    assert_false(begins(&roomy, &options));
    options.base = SATSYNC_BASE_AUTO;
    leave_room(&roomy, 0);
    assert_false(begins(&roomy, &options));
    end(&roomy);
}

/* A safetensors file of LARGE_BYTES on the world's disk. */
static void write_tensors(struct roomy *roomy, const char *path) {
    static const char header[] = "{\"w\":{\"dtype\":\"U8\",\"shape\":[8388608],"
                                 "\"data_offsets\":[0,8388608]}}";
    uint64_t length = sizeof header - 1;
    struct file file;
    struct satsync_error error;
    uint8_t *data = calloc(1, LARGE_BYTES);
    assert_non_null(data);
    engine_expect(
        file_open(roomy->world.faulty, path, DISK_READ | DISK_WRITE | DISK_CREATE, &file, &error),
        SATSYNC_OK, &error);
    engine_expect(file_write(&file, 0, &length, sizeof length, &error), SATSYNC_OK, &error);
    engine_expect(file_write(&file, 8, header, (size_t)length, &error), SATSYNC_OK, &error);
    engine_expect(file_write(&file, 8 + length, data, LARGE_BYTES, &error), SATSYNC_OK, &error);
    file_close(&file);
    free(data);
}

static enum satsync_status save_file(struct roomy *roomy, const char *path,
                                     struct satsync_error *error) {
    struct satsync_save_options options = options_of(1, 0);
    struct satsync_operation *operation;
    enum satsync_status status =
        satsync_save_files(roomy->world.store, &options, &path, 1, &operation, error);
    if (status == SATSYNC_OK) {
        status = satsync_operation_wait(operation, UINT64_MAX, error);
        satsync_operation_free(operation);
    }
    return status;
}

static void test_files_are_judged_by_their_size(void **state) {
    (void)state;
    struct roomy roomy;
    struct satsync_error error = {0};
    begin(&roomy);
    write_tensors(&roomy, "/w.safetensors");
    leave_room(&roomy, LARGE_BYTES - MIB);
    uint64_t used = used_bytes(&roomy);
    leave_room(&roomy, LARGE_BYTES - MIB);
    engine_expect(save_file(&roomy, "/w.safetensors", &error), SATSYNC_NO_SPACE, &error);
    assert_non_null(strstr(error.message, "takes about 9 MiB, and 7 MiB are free"));
    assert_int_equal(used_bytes(&roomy), used);
    leave_room(&roomy, LARGE_BYTES + MIB);
    engine_expect(save_file(&roomy, "/w.safetensors", &error), SATSYNC_OK, &error);
    end(&roomy);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_save_needs_its_raw_bytes),
        cmocka_unit_test(test_refusal_writes_nothing_and_says_how_much_is_short),
        cmocka_unit_test(test_parity_needs_room_of_its_own),
        cmocka_unit_test(test_later_save_needs_what_the_last_one_took),
        cmocka_unit_test(test_save_with_a_base_is_judged_by_its_like),
        cmocka_unit_test(test_files_are_judged_by_their_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
