#include "base/map.h"

static size_t slot_of(const struct map *map, uint64_t key) {
    /* The finaliser of splitmix64 spreads keys that differ in few bits. */
    key ^= key >> 30;
    key *= 0xbf58476d1ce4e5b9u;
    key ^= key >> 27;
    key *= 0x94d049bb133111ebu;
    key ^= key >> 31;
    return (size_t)key & (map->capacity - 1);
}

static struct map_entry *find(const struct map *map, uint64_t key) {
    size_t slot = slot_of(map, key);
    while (map->at[slot].used && map->at[slot].key != key) {
        slot = (slot + 1) & (map->capacity - 1);
    }
    return &map->at[slot];
}

void map_init(struct map *map, const struct allocator *allocator) {
    *map = (struct map){.allocator = allocator};
}

void map_fini(struct map *map) {
    memory_free(map->allocator, map->at);
    map_init(map, map->allocator);
}

static enum satsync_status grow(struct map *map) {
    struct map larger = {.capacity = map->capacity ? map->capacity * 2 : 16,
                         .count = map->count,
                         .allocator = map->allocator};
    larger.at = memory_new(map->allocator, larger.capacity, sizeof *larger.at);
    if (!larger.at) {
        return SATSYNC_NO_MEMORY;
    }
    for (size_t i = 0; i < map->capacity; i++) {
        if (map->at[i].used) {
            *find(&larger, map->at[i].key) = map->at[i];
        }
    }
    memory_free(map->allocator, map->at);
    *map = larger;
    return SATSYNC_OK;
}

enum satsync_status map_set(struct map *map, uint64_t key, uint64_t value) {
    uint64_t *present = map_get(map, key);
    if (present) {
        *present = value;
        return SATSYNC_OK;
    }
    if (map->count * 4 >= map->capacity * 3) {
        enum satsync_status status = grow(map);
        if (status != SATSYNC_OK) {
            return status;
        }
    }
    *find(map, key) = (struct map_entry){key, value, true};
    map->count++;
    return SATSYNC_OK;
}

uint64_t *map_get(const struct map *map, uint64_t key) {
    if (map->capacity == 0) {
        return NULL;
    }
    struct map_entry *entry = find(map, key);
    return entry->used ? &entry->value : NULL;
}

bool map_remove(struct map *map, uint64_t key) {
    if (!map_get(map, key)) {
        return false;
    }
    size_t mask = map->capacity - 1;
    size_t hole = (size_t)(find(map, key) - map->at);
    for (size_t next = (hole + 1) & mask; map->at[next].used; next = (next + 1) & mask) {
        size_t home = slot_of(map, map->at[next].key);
        /* The entry may move into the hole unless its home lies cyclically in (hole, next]. */
        if (((next - home) & mask) >= ((next - hole) & mask)) {
            map->at[hole] = map->at[next];
            hole = next;
        }
    }
    map->at[hole].used = false;
    map->count--;
    return true;
}
