/*
 * The disk of this machine: io_uring where the kernel grants it, pread/pwrite elsewhere (containers
 * often refuse io_uring). The environment variable SATSYNC_DISK (posix, uring, auto) decides for
 * the user.
 */
#ifndef STORE_DISK_CHOOSE_H
#define STORE_DISK_CHOOSE_H

#include "base/memory.h"
#include "port/disk.h"

/* `wanted`: "posix", "uring" or "auto"; NULL asks SATSYNC_DISK, and is "auto" without it. "uring"
 * where the kernel refuses it is an error; an unknown word is SATSYNC_INVALID. Free the disk with
 * its own `free`. Relative paths count from the working directory of this moment. */
enum satsync_status disk_choose(const char *wanted, const struct allocator *allocator,
                                struct disk **disk, struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
