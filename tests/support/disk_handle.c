#include "support/disk_handle.h"

#include <assert.h>
#include <stdlib.h>

enum { DEPTH = 8 };

struct handle {
    struct disk disk;
    struct disk *inner;
    struct disk_request *waiting[DEPTH];
    size_t waiting_count;
    struct disk_request *done[DEPTH];
    size_t done_count;
};

static struct handle *of(struct disk *disk) {
    return (struct handle *)disk;
}

static struct disk *inner(struct disk *disk) {
    return of(disk)->inner;
}

static enum satsync_status open_file(struct disk *disk, const char *path, unsigned flags,
                                     struct disk_file **file, struct satsync_error *error) {
    return inner(disk)->ops->open(inner(disk), path, flags, file, error);
}

static void close_file(struct disk *disk, struct disk_file *file) {
    inner(disk)->ops->close(inner(disk), file);
}

static enum satsync_status size(struct disk *disk, struct disk_file *file, uint64_t *bytes,
                                struct satsync_error *error) {
    return inner(disk)->ops->size(inner(disk), file, bytes, error);
}

static enum satsync_status truncate_file(struct disk *disk, struct disk_file *file, uint64_t bytes,
                                         struct satsync_error *error) {
    return inner(disk)->ops->truncate(inner(disk), file, bytes, error);
}

static enum satsync_status allocate(struct disk *disk, struct disk_file *file, uint64_t bytes,
                                    struct satsync_error *error) {
    return inner(disk)->ops->allocate(inner(disk), file, bytes, error);
}

static enum satsync_status lock(struct disk *disk, struct disk_file *file, enum disk_lock mode,
                                struct satsync_error *error) {
    return inner(disk)->ops->lock(inner(disk), file, mode, error);
}

static enum satsync_status submit(struct disk *disk, struct disk_request *request) {
    struct handle *handle = of(disk);
    if (handle->waiting_count + handle->done_count == DEPTH) {
        return SATSYNC_AGAIN;
    }
    handle->waiting[handle->waiting_count++] = request;
    return SATSYNC_OK;
}

/* The inner disk is empty between calls, so that each handle finds its own requests only. */
static struct disk_request *wait_one(struct disk *disk) {
    struct handle *handle = of(disk);
    if (handle->done_count == 0) {
        for (size_t i = 0; i < handle->waiting_count; i++) {
            enum satsync_status status =
                handle->inner->ops->submit(handle->inner, handle->waiting[i]);
            assert(status == SATSYNC_OK);
        }
        for (; handle->waiting_count > 0; handle->waiting_count--) {
            handle->done[handle->done_count++] = handle->inner->ops->wait(handle->inner);
        }
    }
    return handle->done_count > 0 ? handle->done[--handle->done_count] : NULL;
}

static enum satsync_status sync_file(struct disk *disk, struct disk_file *file,
                                     struct satsync_error *error) {
    return inner(disk)->ops->sync(inner(disk), file, error);
}

static enum satsync_status sync_directory(struct disk *disk, const char *path,
                                          struct satsync_error *error) {
    return inner(disk)->ops->sync_directory(inner(disk), path, error);
}

static enum satsync_status rename_file(struct disk *disk, const char *from, const char *to,
                                       struct satsync_error *error) {
    return inner(disk)->ops->rename(inner(disk), from, to, error);
}

static enum satsync_status publish(struct disk *disk, const char *from, const char *to,
                                   struct satsync_error *error) {
    return inner(disk)->ops->publish(inner(disk), from, to, error);
}

static enum satsync_status remove_file(struct disk *disk, const char *path,
                                       struct satsync_error *error) {
    return inner(disk)->ops->remove(inner(disk), path, error);
}

static enum satsync_status make_directory(struct disk *disk, const char *path,
                                          struct satsync_error *error) {
    return inner(disk)->ops->make_directory(inner(disk), path, error);
}

static enum satsync_status remove_directory(struct disk *disk, const char *path,
                                            struct satsync_error *error) {
    return inner(disk)->ops->remove_directory(inner(disk), path, error);
}

static enum satsync_status list(struct disk *disk, const char *path, disk_name_fn *name,
                                void *context, struct satsync_error *error) {
    return inner(disk)->ops->list(inner(disk), path, name, context, error);
}

static struct disk_boot boot(struct disk *disk) {
    return inner(disk)->ops->boot(inner(disk));
}

static enum satsync_status free_bytes(struct disk *disk, const char *path, uint64_t *bytes,
                                      struct satsync_error *error) {
    return inner(disk)->ops->free_bytes(inner(disk), path, bytes, error);
}

static const char *name(struct disk *disk) {
    return inner(disk)->ops->name(inner(disk));
}

static void free_disk(struct disk *disk) {
    assert(of(disk)->waiting_count == 0 && of(disk)->done_count == 0);
    free(disk);
}

struct disk *disk_handle_new(struct disk *under) {
    static const struct disk_ops ops = {.open = open_file,
                                        .close = close_file,
                                        .size = size,
                                        .truncate = truncate_file,
                                        .allocate = allocate,
                                        .lock = lock,
                                        .submit = submit,
                                        .wait = wait_one,
                                        .sync = sync_file,
                                        .sync_directory = sync_directory,
                                        .rename = rename_file,
                                        .publish = publish,
                                        .remove = remove_file,
                                        .make_directory = make_directory,
                                        .remove_directory = remove_directory,
                                        .list = list,
                                        .boot = boot,
                                        .free_bytes = free_bytes,
                                        .name = name,
                                        .free = free_disk};
    struct handle *handle = calloc(1, sizeof *handle);
    if (!handle) {
        return NULL;
    }
    handle->disk.ops = &ops;
    handle->inner = under;
    return &handle->disk;
}
