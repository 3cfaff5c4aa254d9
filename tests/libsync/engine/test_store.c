#include "engine/store.h"

#include "support/cmocka.h"
#include "support/content.h"
#include "support/engine_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum satsync_status open_with(struct engine_world *world, const char *path,
                                     struct satsync_store **store, struct satsync_error *error) {
    return satsync_store_open(world->engine, path, world->key, store, error);
}

/* Writes over a file of the store. */
static void spoil(struct engine_world *world, const char *name, long offset, const char *text) {
    char path[200];
    snprintf(path, sizeof path, "%s/%s", world->root, name);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, offset, SEEK_SET), 0);
    assert_true(fputs(text, file) >= 0);
    fclose(file);
}

static void test_what_is_no_store_is_told(void **state) {
    struct engine_world *world = *state;
    struct satsync_store *store;
    struct satsync_error error;
    engine_expect(open_with(world, world->base, &store, &error), SATSYNC_NOT_FOUND, &error);
    assert_null(store);
    engine_expect(open_with(world, engine_world_path(world, "absent"), &store, &error),
                  SATSYNC_NOT_FOUND, &error);
    enum satsync_status status =
        open_with(world, engine_world_path(world, "site.key"), &store, &error);
    assert_int_equal(satsync_status_class(status), SATSYNC_CLASS_USAGE);
    engine_expect(satsync_store_create(world->engine, world->root, world->key, NULL, 0, &error),
                  SATSYNC_CONFLICT, &error);
    engine_expect(satsync_store_create(world->engine, world->base, world->key, NULL, 0, &error),
                  SATSYNC_CONFLICT, &error);
}

static void test_a_newer_layout_is_told_and_damage_is_not_taken_for_it(void **state) {
    struct engine_world *world = *state;
    struct satsync_store *store;
    struct satsync_error error;
    spoil(world, "format", 14, "2");
    engine_expect(open_with(world, world->root, &store, &error), SATSYNC_NEWER_VERSION, &error);
    spoil(world, "format", 14, "x");
    engine_expect(open_with(world, world->root, &store, &error), SATSYNC_CORRUPT, &error);
    spoil(world, "format", 14, "1");
    engine_expect(open_with(world, world->root, &store, &error), SATSYNC_OK, &error);
    satsync_store_close(store);
    spoil(world, "identity", 8, "\7");
    engine_expect(open_with(world, world->root, &store, &error), SATSYNC_FORGED, &error);
}

/* Rewrites the manifest's version and signs it, as a newer program would. */
static void test_a_newer_manifest_is_told(void **state) {
    struct engine_world *world = *state;
    struct content content;
    struct satsync_error error;
    struct store_manifest manifest;
    content_init(&content, 1, 64);
    engine_expect(content_save(&content, world->store, 1, 0, &error), SATSYNC_OK, &error);
    engine_expect(store_manifest_read(world->store, 1, &manifest, &error), SATSYNC_OK, &error);
    size_t bytes = manifest.bytes;
    size_t signed_bytes = manifest_signed_bytes(bytes);
    for (int is_signed = 0; is_signed < 2; is_signed++) {
        struct store_manifest newer;
        uint8_t *copy = malloc(bytes);
        assert_non_null(copy);
        memcpy(copy, manifest.data, bytes);
        copy[8] = MANIFEST_VERSION_MAJOR + 1;
        if (is_signed) {
            site_sign(key_site(world->key), STORE_MANIFEST_SIGNED_AS, copy, signed_bytes,
                      copy + signed_bytes);
        }
        engine_expect(store_manifest_check(world->store, copy, bytes, &newer, &error),
                      is_signed ? SATSYNC_NEWER_VERSION : SATSYNC_FORGED, &error);
    }
    store_manifest_fini(&manifest);
    content_fini(&content);
}

static void test_a_foreign_signer_is_refused_until_trusted(void **state) {
    struct engine_world *world = *state;
    struct content content;
    struct satsync_error error;
    struct satsync_public_key foreign;
    struct satsync_store *theirs;
    struct satsync_checkpoint_info info;
    struct satsync_key *other = engine_world_key(world, "other.key");
    satsync_key_public(other, &foreign);
    content_init(&content, 1, 64);
    /* They have the store's directory, and sign with a key of their own. */
    engine_expect(satsync_store_open(world->engine, world->root, other, &theirs, &error),
                  SATSYNC_OK, &error);
    engine_expect(content_save(&content, theirs, 4, 0, &error), SATSYNC_OK, &error);
    satsync_store_close(theirs);
    engine_expect(satsync_store_info(world->store, 4, &info, &error), SATSYNC_FORGED, &error);
    struct satsync_verify_report report = {0};
    engine_expect(satsync_store_verify(world->store, 4, &report, &error), SATSYNC_FORGED, &error);
    assert_int_equal(report.damaged, 1);
    engine_expect(satsync_store_trust(world->store, &foreign, &error), SATSYNC_OK, &error);
    engine_expect(satsync_store_info(world->store, 4, &info, &error), SATSYNC_OK, &error);
    assert_memory_equal(&info.signer, &foreign, sizeof foreign);
    satsync_key_free(other);
    content_fini(&content);
}

static void test_recipients_read_what_is_saved_for_them(void **state) {
    struct engine_world *world = *state;
    struct content content;
    struct satsync_error error;
    struct satsync_public_key recipient;
    struct satsync_store *store;
    bool wrong;
    struct satsync_key *other = engine_world_key(world, "other.key");
    satsync_key_public(other, &recipient);
    content_init(&content, 1, 64);
    char path[200];
    snprintf(path, sizeof path, "%s2", world->root);
    engine_expect(satsync_store_create(world->engine, path, world->key, &recipient, 1, &error),
                  SATSYNC_OK, &error);
    engine_expect(open_with(world, path, &store, &error), SATSYNC_OK, &error);
    engine_expect(content_save(&content, store, 1, 0, &error), SATSYNC_OK, &error);
    satsync_store_close(store);
    engine_expect(satsync_store_open(world->engine, path, other, &store, &error), SATSYNC_OK,
                  &error);
    engine_expect(content_check(&content, store, 1, &wrong, &error), SATSYNC_OK, &error);
    assert_false(wrong);
    satsync_store_close(store);
    satsync_key_free(other);
    content_fini(&content);
}

#define ON_FILES(test)                                                                             \
    cmocka_unit_test_setup_teardown(test, engine_world_setup, engine_world_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        ON_FILES(test_what_is_no_store_is_told),
        ON_FILES(test_a_newer_layout_is_told_and_damage_is_not_taken_for_it),
        ON_FILES(test_a_newer_manifest_is_told),
        ON_FILES(test_a_foreign_signer_is_refused_until_trusted),
        ON_FILES(test_recipients_read_what_is_saved_for_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
