#include "engine/wanted.h"

#include <assert.h>

/* Half a datagram's worth: less is not worth a range of its own. */
enum { JOIN_AT_FIRST = 512 };

enum satsync_status wanted_init(struct wanted *wanted, size_t limit,
                                const struct allocator *allocator) {
    *wanted = (struct wanted){.limit = limit, .join_bytes = JOIN_AT_FIRST};
    wanted->ranges = memory_new(allocator, limit, sizeof *wanted->ranges);
    return wanted->ranges ? SATSYNC_OK : SATSYNC_NO_MEMORY;
}

static bool joins(const struct wanted *wanted, const struct wire_range *a,
                  const struct wire_range *b) {
    return a->file == b->file && b->offset - (a->offset + a->bytes) <= wanted->join_bytes;
}

static void join(struct wire_range *a, const struct wire_range *b) {
    a->bytes = b->offset + b->bytes - a->offset;
}

/* Joins near neighbours, at growing distance, until there is room; ranges of different files never
 * join, so a list of nothing but whole files stays as it is. */
static void make_room(struct wanted *wanted) {
    while (wanted->count == wanted->limit && wanted->join_bytes < UINT64_MAX / 2) {
        size_t kept = 0;
        for (size_t i = 1; i < wanted->count; i++) {
            if (joins(wanted, &wanted->ranges[kept], &wanted->ranges[i])) {
                join(&wanted->ranges[kept], &wanted->ranges[i]);
            } else {
                wanted->ranges[++kept] = wanted->ranges[i];
            }
        }
        wanted->count = kept + 1;
        if (wanted->count == wanted->limit) {
            wanted->join_bytes *= 2;
        }
    }
}

static void add(struct wanted *wanted, struct wire_range range) {
    if (wanted->count > 0 && joins(wanted, &wanted->ranges[wanted->count - 1], &range)) {
        join(&wanted->ranges[wanted->count - 1], &range);
        return;
    }
    make_room(wanted);
    assert(wanted->count < wanted->limit); /* the limit is above the number of files */
    wanted->ranges[wanted->count++] = range;
}

void wanted_add_gaps(struct wanted *wanted, uint32_t file, const struct ranges *have,
                     uint64_t bytes) {
    for (uint64_t at = 0; at < bytes;) {
        struct range gap = ranges_first_gap(have, at, bytes);
        if (gap.from == gap.to) {
            break;
        }
        add(wanted, (struct wire_range){file, gap.from, gap.to - gap.from});
        at = gap.to;
    }
}
