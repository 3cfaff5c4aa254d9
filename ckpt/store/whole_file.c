#include "ckpt/store/whole_file.h"

#include "base/check.h"
#include "ckpt/store/flight.h"
#include "ckpt/store/layout.h"
#include "ckpt/store/lock.h"

#include <inttypes.h>

enum { PIECE_BYTES = 1 << 20 };

static enum satsync_status write_and_sync(struct store *store, struct temporary *temporary,
                                          const struct whole_file *file,
                                          struct satsync_error *error) {
    /* A write only reads from `data`; the request has one pointer for both directions. */
    struct flight_plan plan = {.kind = DISK_REQUEST_WRITE,
                               .file = temporary->file,
                               .data = (void *)(uintptr_t)file->data,
                               .bytes = file->bytes};
    TRY(flight_move(store->disk, &plan, PIECE_BYTES, temporary->path.text, error));
    return store->disk->ops->sync(store->disk, temporary->file, error);
}

static const char *directory_of(const struct whole_file *file) {
    return file->directory ? file->directory : ".";
}

/* The temporary file, written and synced; dropped on failure. */
static enum satsync_status prepare(struct store *store, const struct whole_file *file,
                                   struct temporary *temporary, struct satsync_error *error) {
    TRY(lock_temporary(store, directory_of(file), DISK_WRITE, temporary, error));
    enum satsync_status status = write_and_sync(store, temporary, file, error);
    if (status != SATSYNC_OK) {
        lock_drop_temporary(store, temporary, false);
    }
    return status;
}

static enum satsync_status sync_directory(struct store *store, const struct whole_file *file,
                                          struct satsync_error *error) {
    struct store_path path = layout_path(store, "%s", directory_of(file));
    return store->disk->ops->sync_directory(store->disk, path.text, error);
}

enum satsync_status whole_file_publish(struct store *store, const struct whole_file *file,
                                       struct satsync_error *error) {
    struct temporary temporary;
    TRY(prepare(store, file, &temporary, error));
    struct store_path to = layout_path(store, "%s/%s", directory_of(file), file->name);
    enum satsync_status status =
        store->disk->ops->publish(store->disk, temporary.path.text, to.text, error);
    if (status == SATSYNC_OK) {
        status = sync_directory(store, file, error);
    }
    /* The temporary name goes last: were it to go first and the new name got lost in a crash, the
     * file would have none. */
    lock_drop_temporary(store, &temporary, false);
    return status;
}

enum satsync_status whole_file_replace(struct store *store, const struct whole_file *file,
                                       struct satsync_error *error) {
    struct temporary temporary;
    TRY(prepare(store, file, &temporary, error));
    struct store_path to = layout_path(store, "%s/%s", directory_of(file), file->name);
    enum satsync_status status =
        store->disk->ops->rename(store->disk, temporary.path.text, to.text, error);
    lock_drop_temporary(store, &temporary, status == SATSYNC_OK);
    TRY(status);
    return sync_directory(store, file, error);
}

static enum satsync_status read_open(struct store *store, struct disk_file *file, const char *path,
                                     uint64_t limit, struct flight_plan *plan,
                                     struct satsync_error *error) {
    uint64_t bytes;
    TRY(store->disk->ops->size(store->disk, file, &bytes, error));
    ENSURE(bytes <= limit, error, SATSYNC_LIMIT, path,
           "it has %" PRIu64 " bytes, more than the %" PRIu64 " that it may have", bytes, limit);
    plan->data = memory_new(store->allocator, 1, (size_t)bytes);
    plan->bytes = (size_t)bytes;
    ENSURE(plan->data, error, SATSYNC_NO_MEMORY, path, "no memory for %" PRIu64 " bytes", bytes);
    enum satsync_status status = flight_move(store->disk, plan, PIECE_BYTES, path, error);
    if (status != SATSYNC_OK) {
        memory_free(store->allocator, plan->data);
    }
    return status;
}

enum satsync_status whole_file_read(struct store *store, const char *path, uint64_t limit,
                                    uint8_t **data, size_t *bytes, struct satsync_error *error) {
    *data = NULL;
    *bytes = 0;
    struct flight_plan plan = {.kind = DISK_REQUEST_READ};
    TRY(store->disk->ops->open(store->disk, path, DISK_READ, &plan.file, error));
    enum satsync_status status = read_open(store, plan.file, path, limit, &plan, error);
    store->disk->ops->close(store->disk, plan.file);
    if (status == SATSYNC_OK) {
        *data = plan.data;
        *bytes = plan.bytes;
    }
    return status;
}
