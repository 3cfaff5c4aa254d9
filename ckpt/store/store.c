#include "ckpt/store/store.h"

#include "base/check.h"
#include "ckpt/store/handle.h"
#include "ckpt/store/incoming.h"
#include "ckpt/store/layout.h"
#include "ckpt/store/manifest_file.h"
#include "ckpt/store/pack_reader.h"
#include "ckpt/store/pack_writer.h"
#include "ckpt/store/record.h"
#include "ckpt/store/sweep.h"

#include <string.h>

enum { SEGMENT_BYTES = 1 << 20, SEGMENTS = 4 };

static void close_store(struct chunks *chunks) {
    if (!chunks) {
        return;
    }
    struct store *store = store_of(chunks);
    pack_writer_release_all(store);
    sweep_forget(store);
    if (store->owns_disk) {
        store->disk->ops->free(store->disk);
    }
    memory_free(store->allocator, store);
}

static const struct chunks_ops ops = {.pack_create = pack_writer_create,
                                      .pack_append = pack_writer_append,
                                      .pack_finish = pack_writer_finish,
                                      .pack_replace = pack_writer_replace,
                                      .pack_abandon = pack_writer_abandon,
                                      .pack_open = pack_reader_open,
                                      .pack_bytes = pack_reader_bytes,
                                      .pack_read = pack_reader_read,
                                      .pack_close = pack_reader_close,
                                      .pack_release = pack_writer_release,
                                      .manifest_commit = manifest_file_commit,
                                      .manifest_read = manifest_file_read,
                                      .manifest_list = manifest_file_list,
                                      .manifest_remove = manifest_file_remove,
                                      .record_write = record_write,
                                      .record_read = record_read,
                                      .incoming_open = incoming_open,
                                      .incoming_have = incoming_have,
                                      .incoming_write = incoming_write,
                                      .incoming_note = incoming_note,
                                      .incoming_sync = incoming_sync,
                                      .incoming_read = incoming_read,
                                      .incoming_forget = incoming_forget,
                                      .incoming_commit = incoming_commit,
                                      .incoming_close = incoming_close,
                                      .incoming_discard = incoming_discard,
                                      .sweep_begin = sweep_begin,
                                      .sweep = sweep_run,
                                      .close = close_store};

/* Everything but the root. */
static struct store start(struct disk *disk, const struct store_options *options) {
    static const struct store_options defaults;
    options = options ? options : &defaults;
    return (struct store){.chunks = {.ops = &ops},
                          .disk = disk,
                          .allocator = options->allocator,
                          .log = options->log,
                          .is_read_only = options->read_only,
                          .owns_disk = options->own_disk,
                          .segment_bytes =
                              options->segment_bytes ? options->segment_bytes : SEGMENT_BYTES,
                          .segments = options->segments ? options->segments : SEGMENTS};
}

/* Copies the path without slashes at its end. */
static enum satsync_status set_root(struct store *store, const char *path,
                                    struct satsync_error *error) {
    assert(store->segment_bytes % DISK_ALIGN == 0 && store->segments >= 2);
    size_t bytes = strlen(path);
    ENSURE(bytes > 0 && bytes < STORE_ROOT_BYTES, error, SATSYNC_INVALID, path,
           "a store's path has 1 to %d bytes", STORE_ROOT_BYTES - 1);
    while (bytes > 1 && path[bytes - 1] == '/') {
        bytes--;
    }
    memcpy(store->root, path, bytes);
    store->root[bytes] = '\0';
    return SATSYNC_OK;
}

enum satsync_status store_create(struct disk *disk, const char *path,
                                 const struct store_options *options, struct satsync_error *error) {
    struct store store = start(disk, options);
    TRY(set_root(&store, path, error));
    return layout_make(&store, error);
}

enum satsync_status store_open(struct disk *disk, const char *path,
                               const struct store_options *options, struct chunks **chunks,
                               struct satsync_error *error) {
    *chunks = NULL;
    struct store started = start(disk, options);
    struct store *store = memory_new(started.allocator, 1, sizeof *store);
    enum satsync_status status =
        store ? set_root(&started, path, error)
              : error_set(error, SATSYNC_NO_MEMORY, path, "no memory to open the store");
    if (status == SATSYNC_OK) {
        *store = started;
        status = layout_check(store, error);
    }
    if (status != SATSYNC_OK) {
        memory_free(started.allocator, store);
        if (started.owns_disk) {
            disk->ops->free(disk);
        }
        return status;
    }
    *chunks = &store->chunks;
    return SATSYNC_OK;
}
