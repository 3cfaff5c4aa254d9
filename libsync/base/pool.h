/*
 * A fixed number of equal blocks taken in one allocation, handed out and given back in O(1).
 * Blocks are aligned to `align` and not cleared. Owner thread.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include "base/memory.h"

#include <satsync/status.h>
#include <stddef.h>
#include <stdint.h>

struct pool {
    void *memory;
    uint8_t *first; /* aligned start */
    size_t block_bytes;
    size_t blocks;
    size_t free_count;
    uint32_t *free_list; /* stack of free block indices */
    const struct allocator *allocator;
};

struct pool_options {
    size_t blocks;
    size_t block_bytes;
    size_t align; /* a power of two */
};

enum satsync_status pool_init(struct pool *pool, const struct pool_options *options,
                              const struct allocator *allocator) SATSYNC_MUST_CHECK;
void pool_fini(struct pool *pool);

/* A block, or NULL when all are in use. */
void *pool_take(struct pool *pool);
void pool_give(struct pool *pool, void *block);

#endif
