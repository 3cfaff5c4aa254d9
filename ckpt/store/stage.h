/*
 * Staging for what arrives in small pieces, nearly in order, with holes: pieces gather in windows
 * of one segment each, and a window goes to the disk when it is full or another one needs its
 * place. Memory: segments * segment_bytes for all files together. Owner thread.
 */
#ifndef STORE_STAGE_H
#define STORE_STAGE_H

#include "base/pool.h"
#include "base/ranges.h"
#include "ckpt/store/flight.h"
#include "ckpt/store/handle.h"

struct stage_window {
    struct disk_file *file; /* NULL: the window is free */
    uint64_t offset;        /* in the file; a multiple of segment_bytes */
    uint8_t *data;
    struct ranges filled; /* within the window */
    uint64_t last_use;
    struct flight flight;
};

struct stage {
    struct store *store;
    struct pool pool;
    struct stage_window *windows; /* store->segments of them */
    uint64_t uses;
    enum satsync_status failed; /* the first write that failed; all later calls return it */
};

enum satsync_status stage_init(struct stage *stage, struct store *store) SATSYNC_MUST_CHECK;

/* Waits for what is under way, and drops what is not. */
void stage_fini(struct stage *stage);

/* Bytes for a file at an offset. Their place on disk is certain only after stage_flush. */
enum satsync_status stage_put(struct stage *stage,
                              const struct flight_plan *plan) SATSYNC_MUST_CHECK;

/* Writes out all that is staged and waits for it; to be durable the files want a sync. */
enum satsync_status stage_flush(struct stage *stage) SATSYNC_MUST_CHECK;

#endif
