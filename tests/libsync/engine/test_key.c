#include "engine/key.h"

#include "support/cmocka.h"
#include "support/engine_world.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_a_key_file_is_private_and_its_public_half_is_not(void **state) {
    struct engine_world *world = *state;
    struct stat facts;
    assert_int_equal(stat(engine_world_path(world, "site.key"), &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0600);
    assert_int_equal(stat(engine_world_path(world, "site.key.pub"), &facts), 0);
    assert_int_equal(facts.st_mode & 0400, 0400);
}

static void test_a_key_that_others_may_read_is_refused(void **state) {
    struct engine_world *world = *state;
    static const mode_t modes[] = {0640, 0604, 0620, 0666};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        struct satsync_error error;
        struct satsync_key *key;
        assert_int_equal(chmod(engine_world_path(world, "site.key"), modes[i]), 0);
        engine_expect(satsync_key_load(engine_world_path(world, "site.key"), &key, &error),
                      SATSYNC_NO_PERMISSION, &error);
        assert_null(key);
        assert_non_null(strstr(error.message, "chmod 600"));
    }
}

static void test_no_key_is_ever_replaced(void **state) {
    struct engine_world *world = *state;
    struct satsync_error error;
    struct satsync_public_key before;
    struct satsync_public_key after;
    const char *path = engine_world_path(world, "site.key.pub");
    engine_expect(satsync_public_key_load(path, &before, &error), SATSYNC_OK, &error);
    path = engine_world_path(world, "site.key");
    engine_expect(satsync_key_generate(path, NULL, &error), SATSYNC_CONFLICT, &error);
    /* Nor is half of a pair made where the other half stands. */
    assert_int_equal(unlink(path), 0);
    engine_expect(satsync_key_generate(path, NULL, &error), SATSYNC_CONFLICT, &error);
    assert_int_not_equal(access(path, F_OK), 0);
    path = engine_world_path(world, "site.key.pub");
    engine_expect(satsync_public_key_load(path, &after, &error), SATSYNC_OK, &error);
    assert_memory_equal(&before, &after, sizeof before);
}

static void test_the_halves_belong_together_and_differ_between_sites(void **state) {
    struct engine_world *world = *state;
    struct satsync_error error;
    struct satsync_public_key loaded;
    struct satsync_public_key other_public;
    engine_expect(
        satsync_public_key_load(engine_world_path(world, "site.key.pub"), &loaded, &error),
        SATSYNC_OK, &error);
    assert_memory_equal(&loaded, &world->public_key, sizeof loaded);
    struct satsync_key *other = engine_world_key(world, "other.key");
    satsync_key_public(other, &other_public);
    assert_memory_not_equal(&loaded, &other_public, sizeof loaded);
    char text[SATSYNC_PUBLIC_KEY_TEXT_BYTES];
    satsync_public_key_text(&loaded, text);
    assert_int_equal(strlen(text), 43);
    satsync_key_free(other);
    satsync_key_free(NULL);
}

static void test_files_that_are_no_key_are_refused(void **state) {
    struct engine_world *world = *state;
    struct satsync_error error;
    struct satsync_key *key;
    static const char *const texts[] = {"", "hello", "satsync-key-v1 AAAA\n",
                                        "satsync-key-v9 AAAA\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *path = engine_world_path(world, "text");
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fputs(texts[i], file);
        fclose(file);
        assert_int_equal(chmod(path, 0600), 0);
        enum satsync_status status = satsync_key_load(path, &key, &error);
        assert_true(status == SATSYNC_INVALID || status == SATSYNC_NEWER_VERSION);
        assert_null(key);
    }
    assert_int_equal(chmod(engine_world_path(world, "site.key.pub"), 0600), 0);
    engine_expect(satsync_key_load(engine_world_path(world, "site.key.pub"), &key, &error),
                  SATSYNC_INVALID, &error);
    engine_expect(satsync_key_load(engine_world_path(world, "absent"), &key, &error),
                  SATSYNC_NOT_FOUND, &error);
    engine_expect(satsync_key_load(world->base, &key, &error), SATSYNC_INVALID, &error);
}

#define ON_FILES(test)                                                                             \
    cmocka_unit_test_setup_teardown(test, engine_world_setup, engine_world_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        ON_FILES(test_a_key_file_is_private_and_its_public_half_is_not),
        ON_FILES(test_a_key_that_others_may_read_is_refused),
        ON_FILES(test_no_key_is_ever_replaced),
        ON_FILES(test_the_halves_belong_together_and_differ_between_sites),
        ON_FILES(test_files_that_are_no_key_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
