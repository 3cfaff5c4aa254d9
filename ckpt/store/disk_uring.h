/*
 * port/disk.h over io_uring: up to DISK_URING_DEPTH requests are under way at once, and go on while
 * the owner does something else.
 */
#ifndef STORE_DISK_URING_H
#define STORE_DISK_URING_H

#include "base/memory.h"
#include "port/disk.h"

enum { DISK_URING_DEPTH = 32 };

/* The kernel may refuse (seccomp in containers, the sysctl kernel.io_uring_disabled, an old
 * kernel, RLIMIT_MEMLOCK): SATSYNC_UNSUPPORTED, SATSYNC_NO_PERMISSION or SATSYNC_NO_MEMORY. */
enum satsync_status disk_uring_new(const struct allocator *allocator, struct disk **disk,
                                   struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
