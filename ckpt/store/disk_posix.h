/*
 * port/disk.h over pread and pwrite: works everywhere. A request is queued at submit and carried
 * out when it is waited for.
 */
#ifndef STORE_DISK_POSIX_H
#define STORE_DISK_POSIX_H

#include "base/memory.h"
#include "port/disk.h"

/* Free the disk with its own `free`. */
enum satsync_status disk_posix_new(const struct allocator *allocator, struct disk **disk,
                                   struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
