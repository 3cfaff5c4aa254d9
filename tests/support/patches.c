#include "support/patches.h"

#include "base/random.h"
#include "support/cmocka.h"
#include "support/content.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LARGE_BYTES = 9 << 20, PATH_BYTES = 160 }; /* three chunks of a patch */

static void path_of(const struct engine_world *world, const char *name, char out[PATH_BYTES]) {
    snprintf(out, PATH_BYTES, "%s/%s", world->base, name);
}

void patches_save(struct engine_world *world) {
    struct content content;
    struct satsync_error error;
    struct random random = random_of(3, 0);
    content_init(&content, 51, LARGE_BYTES);
    engine_expect(content_save(&content, world->store, 1, 0, &error), SATSYNC_OK, &error);
    for (size_t i = 0; i < LARGE_BYTES; i += 4 * (1 + random_below(&random, 50))) {
        content.data[CONTENT_TENSORS - 1][i] ^= 1;
    }
    random_bytes(&random, content.data[3], content.bytes[3]);
    engine_expect(content_save(&content, world->store, 2, 0, &error), SATSYNC_OK, &error);
    content_fini(&content);
}

static enum satsync_status await(enum satsync_status status, struct satsync_operation *operation,
                                 struct satsync_error *error) {
    if (status == SATSYNC_OK) {
        status = satsync_operation_wait(operation, UINT64_MAX, error);
        satsync_operation_free(operation);
    }
    return status;
}

enum satsync_status patches_make(struct engine_world *world, uint64_t from, uint64_t to,
                                 const char *patch, struct satsync_error *error) {
    struct satsync_patch_options options;
    struct satsync_operation *operation;
    char path[PATH_BYTES];
    path_of(world, patch, path);
    satsync_patch_options_init(&options);
    options.from_step = from;
    options.to_step = to;
    options.output = path;
    enum satsync_status status = satsync_patch_make(world->store, &options, &operation, error);
    return await(status, operation, error);
}

enum satsync_status patches_apply(struct engine_world *world, const char *patch, const char *base,
                                  const char *output, struct satsync_error *error) {
    struct satsync_patch_apply_options options;
    struct satsync_operation *operation;
    char paths[3][PATH_BYTES];
    path_of(world, patch, paths[0]);
    path_of(world, base, paths[1]);
    path_of(world, output, paths[2]);
    satsync_patch_apply_options_init(&options);
    options.patch = paths[0];
    options.base = paths[1];
    options.output = paths[2];
    enum satsync_status status = satsync_patch_apply(world->engine, &options, &operation, error);
    return await(status, operation, error);
}

void patches_restore(struct engine_world *world, uint64_t step, const char *output) {
    struct satsync_restore_options options;
    struct satsync_operation *operation;
    struct satsync_error error;
    char path[PATH_BYTES];
    path_of(world, output, path);
    satsync_restore_options_init(&options);
    options.step = step;
    options.output = path;
    enum satsync_status status = satsync_restore_files(world->store, &options, &operation, &error);
    engine_expect(await(status, operation, &error), SATSYNC_OK, &error);
}

uint8_t *patches_read(struct engine_world *world, const char *name, size_t *bytes) {
    FILE *file = fopen(engine_world_path(world, name), "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *bytes = (size_t)ftell(file);
    rewind(file);
    uint8_t *data = malloc(*bytes + 1);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, *bytes, file), *bytes);
    fclose(file);
    return data;
}

void patches_write(struct engine_world *world, const char *name, const uint8_t *data,
                   size_t bytes) {
    FILE *file = fopen(engine_world_path(world, name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
}

bool patches_exists(struct engine_world *world, const char *name) {
    return access(engine_world_path(world, name), F_OK) == 0;
}

size_t patches_partials(struct engine_world *world) {
    static const char ending[] = ".partial";
    size_t count = 0;
    DIR *directory = opendir(world->base);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory));) {
        size_t length = strlen(entry->d_name);
        count += length >= sizeof ending &&
                 strcmp(entry->d_name + length - (sizeof ending - 1), ending) == 0;
    }
    closedir(directory);
    return count;
}
