#include "support/cmocka.h"
#include "support/content.h"
#include "support/engine_world.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

struct saved {
    struct engine_world *world;
    struct content content;
    struct satsync_verify_report report;
    struct satsync_damage damages[8];
    struct satsync_error error;
};

static void save(struct saved *saved, struct engine_world *world) {
    memset(saved, 0, sizeof *saved);
    saved->world = world;
    saved->report.damages = saved->damages;
    saved->report.capacity = 8;
    content_init(&saved->content, 1, 64 << 10);
    engine_expect(content_save(&saved->content, world->store, 3, 4096, &saved->error), SATSYNC_OK,
                  &saved->error);
}

static enum satsync_status verify(struct saved *saved, uint64_t step) {
    return satsync_store_verify(saved->world->store, step, &saved->report, &saved->error);
}

/* The path of the store's only pack. */
static void pack_path(const struct saved *saved, char out[512]) {
    char folder[256];
    snprintf(folder, sizeof folder, "%s/packs", saved->world->root);
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory));) {
        if (strstr(entry->d_name, ".pack")) {
            snprintf(out, 512, "%s/%s", folder, entry->d_name);
        }
    }
    closedir(directory);
}

static void flip(const char *path, long offset, int whence) {
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, offset, whence), 0);
    long at = ftell(file);
    int byte = fgetc(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    fputc(byte ^ 0x10, file);
    assert_int_equal(fclose(file), 0);
}

static void test_sound_store_verifies_with_and_without_the_key(void **state) {
    struct saved saved;
    save(&saved, *state);
    assert_int_equal(verify(&saved, SATSYNC_ALL_STEPS), SATSYNC_OK);
    assert_int_equal(saved.report.checkpoints, 1);
    assert_true(saved.report.authenticated);
    assert_true(saved.report.checked_bytes > 64 << 10);
    satsync_store_close(saved.world->store);
    engine_expect(satsync_store_open(saved.world->engine, saved.world->root, NULL,
                                     &saved.world->store, &saved.error),
                  SATSYNC_OK, &saved.error);
    assert_int_equal(verify(&saved, 3), SATSYNC_OK);
    assert_false(saved.report.authenticated);
    content_fini(&saved.content);
}

static void test_flipped_byte_is_named_with_its_pack_and_tensor(void **state) {
    struct saved saved;
    save(&saved, *state);
    char path[512];
    pack_path(&saved, path);
    flip(path, 100, SEEK_SET);
    assert_int_equal(verify(&saved, 3), SATSYNC_CORRUPT);
    assert_int_equal(saved.report.damaged, 2); /* the checksum, and the seal of the same chunk */
    char id[33];
    memcpy(id, strrchr(path, '/') + 1, 32);
    id[32] = '\0';
    assert_non_null(strstr(saved.damages[0].what, id));
    assert_non_null(strstr(saved.damages[1].what, saved.content.names[0]));
    assert_int_equal(saved.damages[0].step, 3);
    content_fini(&saved.content);
}

static void test_flipped_padding_is_damage_too(void **state) {
    struct saved saved;
    save(&saved, *state);
    char path[512];
    pack_path(&saved, path);
    flip(path, -1, SEEK_END);
    assert_int_equal(verify(&saved, 3), SATSYNC_CORRUPT);
    assert_int_equal(saved.report.damaged, 1);
    content_fini(&saved.content);
}

static enum satsync_status verify_quick(struct saved *saved) {
    return satsync_store_verify_quick(saved->world->store, 3, &saved->report, &saved->error);
}

static void test_quick_looks_at_no_byte_of_content(void **state) {
    struct saved saved;
    char path[512];
    save(&saved, *state);
    pack_path(&saved, path);
    flip(path, 100, SEEK_SET);
    assert_int_equal(verify_quick(&saved), SATSYNC_OK);
    assert_int_equal(saved.report.checked_bytes, 0);
    assert_false(saved.report.authenticated);
    flip(path, -1, SEEK_END); /* padding, behind the table */
    assert_int_equal(verify_quick(&saved), SATSYNC_CORRUPT);
    assert_int_equal(remove(path), 0);
    assert_int_equal(verify_quick(&saved), SATSYNC_INCOMPLETE);
    content_fini(&saved.content);
}

static void test_lost_pack_is_incomplete(void **state) {
    struct saved saved;
    save(&saved, *state);
    char path[512];
    pack_path(&saved, path);
    assert_int_equal(remove(path), 0);
    assert_int_equal(verify(&saved, 3), SATSYNC_INCOMPLETE);
    content_fini(&saved.content);
}

static void test_more_damage_than_room_is_still_counted(void **state) {
    struct saved saved;
    save(&saved, *state);
    saved.report.damages = NULL;
    saved.report.capacity = 0;
    char path[512];
    pack_path(&saved, path);
    for (long offset = 0; offset < 60000; offset += 3000) {
        flip(path, offset, SEEK_SET);
    }
    assert_int_equal(verify(&saved, 3), SATSYNC_CORRUPT);
    assert_true(saved.report.damaged > 10);
    content_fini(&saved.content);
}

static void test_step_that_is_not_there_is_no_damage(void **state) {
    struct saved saved;
    save(&saved, *state);
    assert_int_equal(verify(&saved, 4), SATSYNC_NOT_FOUND);
    assert_int_equal(saved.report.damaged, 0);
    content_fini(&saved.content);
}

#define WORLD_TEST(test)                                                                           \
    cmocka_unit_test_setup_teardown(test, engine_world_setup, engine_world_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_sound_store_verifies_with_and_without_the_key),
        WORLD_TEST(test_flipped_byte_is_named_with_its_pack_and_tensor),
        WORLD_TEST(test_flipped_padding_is_damage_too),
        WORLD_TEST(test_quick_looks_at_no_byte_of_content),
        WORLD_TEST(test_lost_pack_is_incomplete),
        WORLD_TEST(test_more_damage_than_room_is_still_counted),
        WORLD_TEST(test_step_that_is_not_there_is_no_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
