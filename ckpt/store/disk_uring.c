#include "ckpt/store/disk_uring.h"

#include "base/check.h"
#include "ckpt/store/disk_names.h"

#include <errno.h>
#include <liburing.h>

/* One SQE's length is 32 bits wide, and the kernel moves at most 2 GiB less a page. */
static const size_t most_bytes_at_once = (size_t)1 << 30;

struct disk_uring {
    struct disk_names names;
    struct io_uring ring;
    unsigned in_flight;
};

static void prepare(struct disk_uring *uring, struct disk_request *request) {
    struct io_uring_sqe *sqe = io_uring_get_sqe(&uring->ring);
    /* The ring has an entry for each request that may be in flight. */
    assert(sqe);
    uint8_t *data = (uint8_t *)request->data + request->done_bytes;
    size_t left = request->bytes - request->done_bytes;
    unsigned bytes = (unsigned)(left < most_bytes_at_once ? left : most_bytes_at_once);
    uint64_t offset = request->offset + request->done_bytes;
    if (request->kind == DISK_REQUEST_READ) {
        io_uring_prep_read(sqe, request->file->fd, data, bytes, offset);
    } else {
        io_uring_prep_write(sqe, request->file->fd, data, bytes, offset);
    }
    io_uring_sqe_set_data(sqe, request);
}

static enum satsync_status submit(struct disk *disk, struct disk_request *request) {
    struct disk_uring *uring = (struct disk_uring *)disk;
    if (uring->in_flight == DISK_URING_DEPTH) {
        return SATSYNC_AGAIN;
    }
    request->done_bytes = 0;
    request->status = SATSYNC_OK;
    prepare(uring, request);
    uring->in_flight++;
    /* A submission that is interrupted or short of memory stays queued, and goes out with the next
     * one; the latest is in `wait`. */
    (void)io_uring_submit(&uring->ring);
    return SATSYNC_OK;
}

/* True when the request is finished, with its status set; false when it was sent out again. */
static bool settle(struct disk_uring *uring, struct disk_request *request, int result) {
    if (result > 0) {
        request->done_bytes += (size_t)result;
        if (request->done_bytes == request->bytes) {
            return true;
        }
    } else if (result == 0) {
        if (request->kind == DISK_REQUEST_WRITE && request->bytes > 0) {
            request->status = SATSYNC_IO;
        }
        return true;
    } else if (result == -EINVAL && request->file->direct) {
        disk_file_give_up_direct(request->file);
    } else if (result != -EINTR && result != -EAGAIN) {
        request->status = status_of_errno(-result);
        return true;
    }
    prepare(uring, request);
    return false;
}

static struct disk_request *wait_for_one(struct disk *disk) {
    struct disk_uring *uring = (struct disk_uring *)disk;
    while (uring->in_flight > 0) {
        struct io_uring_cqe *cqe = NULL;
        int result = io_uring_submit_and_wait(&uring->ring, 1);
        /* Only refusals that pass by: interrupted, or no memory for the moment. */
        assert(result >= 0 || result == -EINTR || result == -EAGAIN || result == -EBUSY ||
               result == -ENOMEM);
        if (io_uring_peek_cqe(&uring->ring, &cqe) != 0) {
            continue;
        }
        struct disk_request *request = io_uring_cqe_get_data(cqe);
        int moved = cqe->res;
        io_uring_cqe_seen(&uring->ring, cqe);
        if (settle(uring, request, moved)) {
            uring->in_flight--;
            return request;
        }
    }
    return NULL;
}

static const char *name(struct disk *disk) {
    (void)disk;
    return "io_uring";
}

static void free_disk(struct disk *disk) {
    struct disk_uring *uring = (struct disk_uring *)disk;
    while (wait_for_one(disk)) {
    }
    io_uring_queue_exit(&uring->ring);
    memory_free(uring->names.allocator, uring);
}

static const struct disk_ops ops = {DISK_NAMES_OPS, .submit = submit, .wait = wait_for_one,
                                    .name = name, .free = free_disk};

enum satsync_status disk_uring_new(const struct allocator *allocator, struct disk **disk,
                                   struct satsync_error *error) {
    *disk = NULL;
    struct disk_uring *uring = memory_new(allocator, 1, sizeof *uring);
    if (!uring) {
        return error_set(error, SATSYNC_NO_MEMORY, NULL, "no memory for the disk");
    }
    int result = io_uring_queue_init(DISK_URING_DEPTH, &uring->ring, 0);
    if (result < 0) {
        memory_free(allocator, uring);
        return error_set_errno(error, -result, "io_uring", "setting up io_uring");
    }
    uring->names = (struct disk_names){.disk = {.ops = &ops}, .allocator = allocator};
    *disk = &uring->names.disk;
    return SATSYNC_OK;
}
