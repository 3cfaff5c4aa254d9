#include "ckpt/store/disk_choose.h"

#include "base/check.h"
#include "ckpt/store/disk_posix.h"
#include "ckpt/store/disk_uring.h"

#include <stdlib.h>
#include <string.h>

static enum satsync_status only_uring(const struct allocator *allocator, struct disk **disk,
                                      struct satsync_error *error) {
    struct satsync_error reason = {0};
    enum satsync_status status = disk_uring_new(allocator, disk, &reason);
    if (status == SATSYNC_OK) {
        return SATSYNC_OK;
    }
    return error_set(error, status, "io_uring",
                     "%.300s; SATSYNC_DISK=auto does without io_uring where it is refused",
                     reason.message);
}

enum satsync_status disk_choose(const char *wanted, const struct allocator *allocator,
                                struct disk **disk, struct satsync_error *error) {
    *disk = NULL;
    if (!wanted) {
        wanted = getenv("SATSYNC_DISK");
    }
    if (!wanted || !*wanted || strcmp(wanted, "auto") == 0) {
        if (disk_uring_new(allocator, disk, NULL) == SATSYNC_OK) {
            return SATSYNC_OK;
        }
        return disk_posix_new(allocator, disk, error);
    }
    if (strcmp(wanted, "uring") == 0) {
        return only_uring(allocator, disk, error);
    }
    if (strcmp(wanted, "posix") == 0) {
        return disk_posix_new(allocator, disk, error);
    }
    return error_set(error, SATSYNC_INVALID, "SATSYNC_DISK",
                     "\"%.60s\" is not a kind of disk; it can be auto, uring or posix", wanted);
}
