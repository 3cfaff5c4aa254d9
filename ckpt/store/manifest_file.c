#include "ckpt/store/manifest_file.h"

#include "base/check.h"
#include "ckpt/store/layout.h"
#include "ckpt/store/whole_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum satsync_status sync_manifests(struct store *store, struct satsync_error *error) {
    struct store_path path = layout_path(store, "manifests");
    return store->disk->ops->sync_directory(store->disk, path.text, error);
}

/* Somebody has committed the step: fine if it is the same. */
static enum satsync_status compare(struct store *store, uint64_t step,
                                   const struct whole_file *file, struct satsync_error *error) {
    uint8_t *data;
    size_t bytes;
    TRY(manifest_file_read(&store->chunks, step, &data, &bytes, error));
    bool is_same = bytes == file->bytes && memcmp(data, file->data, bytes) == 0;
    memory_free(store->allocator, data);
    ENSURE(is_same, error, SATSYNC_CONFLICT, store->root,
           "step %" PRIu64 " is there with other content; a committed step never changes: use "
           "another step, or remove this one first",
           step);
    /* Its committer may have died before this, and OK means durable. */
    return sync_manifests(store, error);
}

enum satsync_status manifest_file_commit(struct chunks *chunks, uint64_t step, const void *data,
                                         size_t bytes, struct satsync_error *error) {
    struct store *store = store_of(chunks);
    ENSURE(!store->is_read_only, error, SATSYNC_READ_ONLY, store->root,
           "the store was opened for reading only");
    ENSURE(bytes > 0 && bytes <= MANIFEST_FILE_BYTES_MOST, error, SATSYNC_LIMIT, store->root,
           "a manifest has 1 to %" PRIu64 " bytes, this one %zu", MANIFEST_FILE_BYTES_MOST, bytes);
    char name[64];
    snprintf(name, sizeof name, "%020" PRIu64 ".manifest", step);
    struct whole_file file = {.directory = "manifests", .name = name, .data = data, .bytes = bytes};
    enum satsync_status status = whole_file_publish(store, &file, error);
    return status == SATSYNC_CONFLICT ? compare(store, step, &file, error) : status;
}

enum satsync_status manifest_file_read(struct chunks *chunks, uint64_t step, uint8_t **data,
                                       size_t *bytes, struct satsync_error *error) {
    struct store *store = store_of(chunks);
    struct store_path path = layout_manifest(store, step);
    enum satsync_status status =
        whole_file_read(store, path.text, MANIFEST_FILE_BYTES_MOST, data, bytes, error);
    ENSURE(status != SATSYNC_NOT_FOUND, error, SATSYNC_NOT_FOUND, store->root,
           "there is no step %" PRIu64 " in it; \"satsync ls\" lists what there is", step);
    return status;
}

struct steps {
    const struct allocator *allocator;
    uint64_t *at;
    size_t count;
    size_t capacity;
    bool failed;
};

static void collect(void *context, const char *name) {
    struct steps *steps = context;
    uint64_t step;
    if (steps->failed || !layout_reads_manifest(name, &step)) {
        return;
    }
    if (steps->count == steps->capacity) {
        size_t larger = steps->capacity ? steps->capacity * 2 : 64;
        uint64_t *grown = memory_grow(steps->allocator, steps->at, steps->count * sizeof *steps->at,
                                      larger * sizeof *steps->at);
        if (!grown) {
            steps->failed = true;
            return;
        }
        steps->at = grown;
        steps->capacity = larger;
    }
    steps->at[steps->count++] = step;
}

static int by_step(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

enum satsync_status manifest_file_list(struct chunks *chunks, chunks_step_fn *found, void *context,
                                       struct satsync_error *error) {
    struct store *store = store_of(chunks);
    struct steps steps = {.allocator = store->allocator};
    struct store_path path = layout_path(store, "manifests");
    enum satsync_status status =
        store->disk->ops->list(store->disk, path.text, collect, &steps, error);
    if (status == SATSYNC_OK && steps.failed) {
        status = error_set(error, SATSYNC_NO_MEMORY, path.text, "no memory for the list of steps");
    }
    if (status == SATSYNC_OK && steps.count > 0) {
        qsort(steps.at, steps.count, sizeof *steps.at, by_step);
        for (size_t i = 0; i < steps.count; i++) {
            found(context, steps.at[i]);
        }
    }
    memory_free(store->allocator, steps.at);
    return status;
}

enum satsync_status manifest_file_remove(struct chunks *chunks, uint64_t step,
                                         struct satsync_error *error) {
    struct store *store = store_of(chunks);
    ENSURE(!store->is_read_only, error, SATSYNC_READ_ONLY, store->root,
           "the store was opened for reading only");
    struct store_path path = layout_manifest(store, step);
    enum satsync_status status = store->disk->ops->remove(store->disk, path.text, error);
    ENSURE(status != SATSYNC_NOT_FOUND, error, SATSYNC_NOT_FOUND, store->root,
           "there is no step %" PRIu64 " in it; \"satsync ls\" lists what there is", step);
    TRY(status);
    /* Before any of its packs goes: a sweep comes after this. */
    return sync_manifests(store, error);
}
