/*
 * One disk under several handles: each handle keeps its own requests apart, so that the engine,
 * which opens a disk for every store handle and frees it, can run on one faulty disk. One thread.
 */
#ifndef SUPPORT_DISK_HANDLE_H
#define SUPPORT_DISK_HANDLE_H

#include "port/disk.h"

/* A handle on `inner`, which outlives it; NULL: no memory. Free it with disk->ops->free. */
struct disk *disk_handle_new(struct disk *inner);

#endif
