/*
 * A set of uint64 positions kept as sorted, disjoint, non-adjacent half-open ranges [from, to).
 *
 * What was received, acknowledged, lost or already on disk is such a set. It grows through the
 * allocator up to `limit` ranges; past that ranges_add fails and changes nothing. Owner thread.
 */
#ifndef BASE_RANGES_H
#define BASE_RANGES_H

#include "base/memory.h"

#include <satsync/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct range {
    uint64_t from;
    uint64_t to; /* exclusive, > from */
};

struct ranges {
    struct range *at;
    size_t count;
    size_t capacity;
    size_t limit;
    const struct allocator *allocator;
};

/* An empty set that may hold at most `limit` ranges (at least 1); allocates nothing yet. */
void ranges_init(struct ranges *ranges, size_t limit, const struct allocator *allocator);

/* Takes memory for all `limit` ranges now, so that no later call allocates. */
enum satsync_status ranges_reserve(struct ranges *ranges) SATSYNC_MUST_CHECK;

void ranges_fini(struct ranges *ranges);
void ranges_clear(struct ranges *ranges);

/* Adds [from, to); from <= to. SATSYNC_LIMIT or SATSYNC_NO_MEMORY leave the set as it was. */
enum satsync_status ranges_add(struct ranges *ranges, uint64_t from,
                               uint64_t to) SATSYNC_MUST_CHECK;

/* Takes [from, to) out; may split a range in two, so it can fail like ranges_add. */
enum satsync_status ranges_remove(struct ranges *ranges, uint64_t from,
                                  uint64_t to) SATSYNC_MUST_CHECK;

bool ranges_has(const struct ranges *ranges, uint64_t position);

/* True when all of [from, to) is in the set; an empty range always is. */
bool ranges_cover(const struct ranges *ranges, uint64_t from, uint64_t to);

/* The first range of [from, to) that is not in the set; empty (from == to) when all of it is. */
struct range ranges_first_gap(const struct ranges *ranges, uint64_t from, uint64_t to);

/* Number of positions in the set. */
uint64_t ranges_total(const struct ranges *ranges);

/* Index of the first range whose end is after `position`; count when there is none. */
size_t ranges_find(const struct ranges *ranges, uint64_t position);

#endif
