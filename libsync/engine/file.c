#include "engine/file.h"

#include "base/check.h"

enum satsync_status file_open(struct disk *disk, const char *path, unsigned flags,
                              struct file *file, struct satsync_error *error) {
    *file = (struct file){.disk = disk, .path = path};
    return disk->ops->open(disk, path, flags, &file->handle, error);
}

void file_close(struct file *file) {
    if (file->handle) {
        file->disk->ops->close(file->disk, file->handle);
        file->handle = NULL;
    }
}

static enum satsync_status run(struct file *file, struct disk_request *request) {
    enum satsync_status status = file->disk->ops->submit(file->disk, request);
    assert(status != SATSYNC_AGAIN); /* nothing else is under way */
    if (status != SATSYNC_OK) {
        return status;
    }
    struct disk_request *done = file->disk->ops->wait(file->disk);
    assert(done == request);
    return done->status;
}

enum satsync_status file_read(struct file *file, uint64_t offset, void *data, size_t bytes,
                              struct satsync_error *error) {
    if (bytes == 0) {
        return SATSYNC_OK;
    }
    struct disk_request request = {.kind = DISK_REQUEST_READ,
                                   .file = file->handle,
                                   .data = data,
                                   .bytes = bytes,
                                   .offset = offset};
    enum satsync_status status = run(file, &request);
    ENSURE(status == SATSYNC_OK, error, status, file->path, "reading it failed");
    ENSURE(request.done_bytes == bytes, error, SATSYNC_INCOMPLETE, file->path,
           "it ends after %llu bytes; something cut it while it was read",
           (unsigned long long)(offset + request.done_bytes));
    return SATSYNC_OK;
}

enum satsync_status file_write(struct file *file, uint64_t offset, const void *data, size_t bytes,
                               struct satsync_error *error) {
    if (bytes == 0) {
        return SATSYNC_OK;
    }
    struct disk_request request = {.kind = DISK_REQUEST_WRITE,
                                   .file = file->handle,
                                   .data = (void *)(uintptr_t)data,
                                   .bytes = bytes,
                                   .offset = offset};
    enum satsync_status status = run(file, &request);
    ENSURE(status == SATSYNC_OK, error, status, file->path, "writing it failed: %s",
           status == SATSYNC_NO_SPACE ? "no space is left; free some and run it again"
                                      : satsync_status_name(status));
    return SATSYNC_OK;
}
