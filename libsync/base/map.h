/*
 * Hash map from uint64 keys to uint64 values: open addressing, linear probing, no tombstones
 * (deletion shifts back; Knuth, TAOCP vol. 3, 6.4 algorithm R). Grows by doubling through the
 * allocator. Keys that a peer can choose must be mixed with a secret by the caller. Owner thread.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/memory.h"

#include <satsync/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_entry {
    uint64_t key;
    uint64_t value;
    bool used;
};

struct map {
    struct map_entry *at;
    size_t capacity; /* 0 or a power of two */
    size_t count;
    const struct allocator *allocator;
};

void map_init(struct map *map, const struct allocator *allocator);
void map_fini(struct map *map);

/* Sets or replaces. On SATSYNC_NO_MEMORY the map is as it was. */
enum satsync_status map_set(struct map *map, uint64_t key, uint64_t value) SATSYNC_MUST_CHECK;

/* The value's address, valid until the next map_set or map_remove; NULL when absent. */
uint64_t *map_get(const struct map *map, uint64_t key);

bool map_remove(struct map *map, uint64_t key);

#endif
