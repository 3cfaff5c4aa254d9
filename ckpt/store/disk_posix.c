#include "ckpt/store/disk_posix.h"

#include "base/check.h"
#include "base/ring.h"
#include "ckpt/store/disk_names.h"

#include <errno.h>
#include <unistd.h>

enum { QUEUE_DEPTH = 32 };

struct disk_posix {
    struct disk_names names;
    struct ring queue; /* of struct disk_request * */
};

static ssize_t move_once(const struct disk_request *request) {
    uint8_t *data = (uint8_t *)request->data + request->done_bytes;
    size_t left = request->bytes - request->done_bytes;
    off_t offset = (off_t)(request->offset + request->done_bytes);
    return request->kind == DISK_REQUEST_READ ? pread(request->file->fd, data, left, offset)
                                              : pwrite(request->file->fd, data, left, offset);
}

static void carry_out(struct disk_request *request) {
    request->done_bytes = 0;
    request->status = SATSYNC_OK;
    while (request->done_bytes < request->bytes) {
        ssize_t moved = move_once(request);
        if (moved > 0) {
            request->done_bytes += (size_t)moved;
        } else if (moved == 0) {
            if (request->kind == DISK_REQUEST_WRITE) {
                request->status = SATSYNC_IO;
            }
            return;
        } else if (errno == EINVAL && request->file->direct) {
            disk_file_give_up_direct(request->file);
        } else if (errno != EINTR && errno != EAGAIN) {
            request->status = status_of_errno(errno);
            return;
        }
    }
}

static enum satsync_status submit(struct disk *disk, struct disk_request *request) {
    struct disk_posix *posix = (struct disk_posix *)disk;
    return ring_push(&posix->queue, &request) ? SATSYNC_OK : SATSYNC_AGAIN;
}

static struct disk_request *wait_for_one(struct disk *disk) {
    struct disk_posix *posix = (struct disk_posix *)disk;
    struct disk_request *request;
    if (!ring_pop(&posix->queue, &request)) {
        return NULL;
    }
    carry_out(request);
    return request;
}

static const char *name(struct disk *disk) {
    (void)disk;
    return "pread/pwrite";
}

static void free_disk(struct disk *disk) {
    struct disk_posix *posix = (struct disk_posix *)disk;
    ring_fini(&posix->queue);
    memory_free(posix->names.allocator, posix);
}

static const struct disk_ops ops = {DISK_NAMES_OPS, .submit = submit, .wait = wait_for_one,
                                    .name = name, .free = free_disk};

enum satsync_status disk_posix_new(const struct allocator *allocator, struct disk **disk,
                                   struct satsync_error *error) {
    *disk = NULL;
    struct disk_posix *posix = memory_new(allocator, 1, sizeof *posix);
    if (!posix || ring_init(&posix->queue, QUEUE_DEPTH, sizeof(struct disk_request *), allocator) !=
                      SATSYNC_OK) {
        memory_free(allocator, posix);
        return error_set(error, SATSYNC_NO_MEMORY, NULL, "no memory for the disk's queue");
    }
    posix->names = (struct disk_names){.disk = {.ops = &ops}, .allocator = allocator};
    *disk = &posix->names.disk;
    return SATSYNC_OK;
}
