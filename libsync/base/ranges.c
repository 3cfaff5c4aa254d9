#include "base/ranges.h"

#include <assert.h>
#include <string.h>

void ranges_init(struct ranges *ranges, size_t limit, const struct allocator *allocator) {
    assert(limit > 0);
    *ranges = (struct ranges){.limit = limit, .allocator = allocator};
}

static enum satsync_status grow_to(struct ranges *ranges, size_t capacity) {
    struct range *larger =
        memory_grow(ranges->allocator, ranges->at, ranges->count * sizeof *ranges->at,
                    capacity * sizeof *ranges->at);
    if (!larger) {
        return SATSYNC_NO_MEMORY;
    }
    ranges->at = larger;
    ranges->capacity = capacity;
    return SATSYNC_OK;
}

enum satsync_status ranges_reserve(struct ranges *ranges) {
    return ranges->capacity == ranges->limit ? SATSYNC_OK : grow_to(ranges, ranges->limit);
}

void ranges_fini(struct ranges *ranges) {
    memory_free(ranges->allocator, ranges->at);
    ranges->at = NULL;
    ranges->count = ranges->capacity = 0;
}

void ranges_clear(struct ranges *ranges) {
    ranges->count = 0;
}

size_t ranges_find(const struct ranges *ranges, uint64_t position) {
    size_t low = 0;
    size_t high = ranges->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ranges->at[middle].to > position) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/* Replaces the ranges [first, last) by the `count` (0 to 2) given ones. */
static enum satsync_status splice(struct ranges *ranges, size_t first, size_t last,
                                  const struct range *with, size_t count) {
    size_t new_count = ranges->count - (last - first) + count;
    if (new_count > ranges->limit) {
        return SATSYNC_LIMIT;
    }
    if (new_count > ranges->capacity) {
        size_t capacity = ranges->capacity ? ranges->capacity * 2 : 8;
        capacity = capacity < new_count ? new_count : capacity;
        enum satsync_status status =
            grow_to(ranges, capacity > ranges->limit ? ranges->limit : capacity);
        if (status != SATSYNC_OK) {
            return status;
        }
    }
    if (last < ranges->count) {
        memmove(&ranges->at[first + count], &ranges->at[last],
                (ranges->count - last) * sizeof *ranges->at);
    }
    for (size_t i = 0; i < count; i++) {
        ranges->at[first + i] = with[i];
    }
    ranges->count = new_count;
    return SATSYNC_OK;
}

enum satsync_status ranges_add(struct ranges *ranges, uint64_t from, uint64_t to) {
    assert(from <= to);
    if (from == to) {
        return SATSYNC_OK;
    }
    /* Ranges that touch [from, to), also only at an edge, melt into one. */
    size_t first = ranges_find(ranges, from == 0 ? 0 : from - 1);
    size_t last = first;
    struct range merged = {from, to};
    while (last < ranges->count && ranges->at[last].from <= to) {
        merged.from = merged.from < ranges->at[last].from ? merged.from : ranges->at[last].from;
        merged.to = merged.to > ranges->at[last].to ? merged.to : ranges->at[last].to;
        last++;
    }
    return splice(ranges, first, last, &merged, 1);
}

enum satsync_status ranges_remove(struct ranges *ranges, uint64_t from, uint64_t to) {
    assert(from <= to);
    if (from == to) {
        return SATSYNC_OK;
    }
    size_t first = ranges_find(ranges, from);
    size_t last = first;
    while (last < ranges->count && ranges->at[last].from < to) {
        last++;
    }
    if (first == last) {
        return SATSYNC_OK;
    }
    struct range left[2];
    size_t count = 0;
    if (ranges->at[first].from < from) {
        left[count++] = (struct range){ranges->at[first].from, from};
    }
    if (ranges->at[last - 1].to > to) {
        left[count++] = (struct range){to, ranges->at[last - 1].to};
    }
    return splice(ranges, first, last, left, count);
}

bool ranges_has(const struct ranges *ranges, uint64_t position) {
    size_t i = ranges_find(ranges, position);
    return i < ranges->count && ranges->at[i].from <= position;
}

bool ranges_cover(const struct ranges *ranges, uint64_t from, uint64_t to) {
    struct range gap = ranges_first_gap(ranges, from, to);
    return gap.from == gap.to;
}

struct range ranges_first_gap(const struct ranges *ranges, uint64_t from, uint64_t to) {
    size_t i = ranges_find(ranges, from);
    if (i < ranges->count && ranges->at[i].from <= from) {
        from = ranges->at[i].to;
        i++;
    }
    if (from >= to) {
        return (struct range){to, to};
    }
    if (i < ranges->count && ranges->at[i].from < to) {
        to = ranges->at[i].from;
    }
    return (struct range){from, to};
}

uint64_t ranges_total(const struct ranges *ranges) {
    uint64_t total = 0;
    for (size_t i = 0; i < ranges->count; i++) {
        total += ranges->at[i].to - ranges->at[i].from;
    }
    return total;
}
