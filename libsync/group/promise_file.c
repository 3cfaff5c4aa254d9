#include "group/promise_file.h"

#include "base/check.h"

#include <string.h>

enum { PROMISE_FILE_BYTES_MAX = 1 << 20 };

static char *joined(const struct allocator *allocator, const char *a, size_t bytes, const char *b) {
    char *text = memory_new(allocator, 1, bytes + strlen(b) + 1);
    if (text) {
        memcpy(text, a, bytes);
        memcpy(text + bytes, b, strlen(b));
    }
    return text;
}

static char *directory_of(const struct allocator *allocator, const char *path) {
    const char *slash = strrchr(path, '/');
    if (!slash) {
        return memory_string(allocator, ".");
    }
    return joined(allocator, path, slash == path ? 1 : (size_t)(slash - path), "");
}

/* Moves all bytes of a file, in one request or, where the disk takes less, in several. */
static enum satsync_status transfer(struct disk *disk, struct disk_request *request,
                                    const char *path, struct satsync_error *error) {
    size_t left = request->bytes;
    while (left > 0) {
        request->bytes = left;
        TRY(disk->ops->submit(disk, request));
        struct disk_request *done = disk->ops->wait(disk);
        assert(done == request);
        ENSURE(done->status == SATSYNC_OK && done->done_bytes > 0, error,
               done->status == SATSYNC_OK ? SATSYNC_IO : done->status, path,
               "the site's promises cannot be %s; check the disk",
               done->kind == DISK_REQUEST_READ ? "read" : "written");
        left -= done->done_bytes;
        request->data = (uint8_t *)request->data + done->done_bytes;
        request->offset += done->done_bytes;
    }
    return SATSYNC_OK;
}

static enum satsync_status read_open(struct promise_file *file, struct disk_file *handle,
                                     struct satsync_error *error) {
    struct disk *disk = file->disk;
    uint64_t bytes;
    TRY(disk->ops->size(disk, handle, &bytes, error));
    ENSURE(bytes <= PROMISE_FILE_BYTES_MAX, error, SATSYNC_CORRUPT, file->path,
           "it is too large for a file of promises; name another");
    file->data = memory_new(file->allocator, 1, bytes + 1);
    ENSURE(file->data, error, SATSYNC_NO_MEMORY, file->path, "out of memory");
    file->bytes = (size_t)bytes;
    struct disk_request request = {
        .kind = DISK_REQUEST_READ, .file = handle, .data = file->data, .bytes = file->bytes};
    return transfer(disk, &request, file->path, error);
}

enum satsync_status promise_file_init(struct promise_file *file, struct disk *disk,
                                      const char *path, const struct allocator *allocator,
                                      struct satsync_error *error) {
    *file = (struct promise_file){.disk = disk, .allocator = allocator};
    file->path = memory_string(allocator, path);
    file->fresh = joined(allocator, path, strlen(path), ".new");
    file->directory = directory_of(allocator, path);
    ENSURE(file->path && file->fresh && file->directory, error, SATSYNC_NO_MEMORY, path,
           "out of memory");
    struct disk_file *handle;
    enum satsync_status status = disk->ops->open(disk, path, DISK_READ, &handle, error);
    if (status == SATSYNC_NOT_FOUND) {
        return SATSYNC_OK;
    }
    TRY(status);
    status = read_open(file, handle, error);
    disk->ops->close(disk, handle);
    return status;
}

void promise_file_fini(struct promise_file *file) {
    memory_free(file->allocator, file->data);
    memory_free(file->allocator, file->directory);
    memory_free(file->allocator, file->fresh);
    memory_free(file->allocator, file->path);
    *file = (struct promise_file){0};
}

static enum satsync_status write_fresh(struct promise_file *file, const void *data, size_t bytes,
                                       struct satsync_error *error) {
    struct disk *disk = file->disk;
    struct disk_file *handle;
    const unsigned flags = DISK_WRITE | DISK_CREATE | DISK_PRIVATE;
    enum satsync_status status = disk->ops->open(disk, file->fresh, flags, &handle, error);
    if (status == SATSYNC_CONFLICT) { /* left by a process that died here */
        TRY(disk->ops->remove(disk, file->fresh, error));
        status = disk->ops->open(disk, file->fresh, flags, &handle, error);
    }
    TRY(status);
    /* Disks write from memory that they do not change. */
    struct disk_request request = {.kind = DISK_REQUEST_WRITE,
                                   .file = handle,
                                   .data = (void *)(uintptr_t)data,
                                   .bytes = bytes};
    status = transfer(disk, &request, file->fresh, error);
    if (status == SATSYNC_OK) {
        status = disk->ops->sync(disk, handle, error);
    }
    disk->ops->close(disk, handle);
    return status;
}

enum satsync_status promise_file_keep(struct promise_file *file, const void *data, size_t bytes,
                                      struct satsync_error *error) {
    TRY(write_fresh(file, data, bytes, error));
    TRY(file->disk->ops->rename(file->disk, file->fresh, file->path, error));
    return file->disk->ops->sync_directory(file->disk, file->directory, error);
}
