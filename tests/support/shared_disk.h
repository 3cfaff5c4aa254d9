/*
 * One disk under several handles: each handle keeps its own requests apart, so that the engine,
 * which opens a disk for every store handle and frees it, can run on one faulty disk. One thread.
 */
#ifndef SUPPORT_SHARED_DISK_H
#define SUPPORT_SHARED_DISK_H

#include "port/disk.h"

/* A handle on `inner`, which outlives it; NULL: no memory. Free it with disk->ops->free. */
struct disk *shared_disk_new(struct disk *inner);

#endif
