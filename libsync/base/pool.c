#include "base/pool.h"

#include <assert.h>

enum satsync_status pool_init(struct pool *pool, const struct pool_options *options,
                              const struct allocator *allocator) {
    assert(options->align > 0 && (options->align & (options->align - 1)) == 0);
    assert(options->blocks > 0 && options->blocks <= UINT32_MAX);
    assert(options->block_bytes > 0 && options->block_bytes <= SIZE_MAX - options->align);
    size_t stride = (options->block_bytes + options->align - 1) & ~(options->align - 1);
    *pool = (struct pool){.block_bytes = stride, .blocks = options->blocks, .allocator = allocator};
    size_t total;
    if (__builtin_mul_overflow(stride, options->blocks, &total) ||
        __builtin_add_overflow(total, options->align, &total)) {
        return SATSYNC_NO_MEMORY;
    }
    pool->memory = memory_new(allocator, 1, total);
    pool->free_list = memory_new(allocator, options->blocks, sizeof *pool->free_list);
    if (!pool->memory || !pool->free_list) {
        pool_fini(pool);
        return SATSYNC_NO_MEMORY;
    }
    uintptr_t start = (uintptr_t)pool->memory;
    pool->first = (uint8_t *)pool->memory + (-start & (options->align - 1));
    for (size_t i = 0; i < options->blocks; i++) {
        pool->free_list[i] = (uint32_t)(options->blocks - 1 - i);
    }
    pool->free_count = options->blocks;
    return SATSYNC_OK;
}

void pool_fini(struct pool *pool) {
    memory_free(pool->allocator, pool->memory);
    memory_free(pool->allocator, pool->free_list);
    *pool = (struct pool){0};
}

void *pool_take(struct pool *pool) {
    if (pool->free_count == 0) {
        return NULL;
    }
    return pool->first + pool->free_list[--pool->free_count] * pool->block_bytes;
}

void pool_give(struct pool *pool, void *block) {
    size_t offset = (size_t)((uint8_t *)block - pool->first);
    assert(offset % pool->block_bytes == 0 && offset / pool->block_bytes < pool->blocks);
    assert(pool->free_count < pool->blocks);
    pool->free_list[pool->free_count++] = (uint32_t)(offset / pool->block_bytes);
}
