/*
 * The list of byte ranges that a receiver lacks, kept within a limit: when there are too many small
 * gaps, neighbours are asked for together with the present bytes between them, smallest first.
 */
#ifndef ENGINE_WANTED_H
#define ENGINE_WANTED_H

#include "base/ranges.h"
#include "engine/wire.h"

struct wanted {
    struct wire_range *ranges; /* ascending by file and offset */
    size_t count;
    size_t limit;
    uint64_t join_bytes; /* gaps nearer than this are joined */
};

/* ranges is heap memory of `allocator`, the caller's to free. */
enum satsync_status wanted_init(struct wanted *wanted, size_t limit,
                                const struct allocator *allocator) SATSYNC_MUST_CHECK;

/* Adds what `have` lacks of file `file`'s `bytes`; files in ascending order. */
void wanted_add_gaps(struct wanted *wanted, uint32_t file, const struct ranges *have,
                     uint64_t bytes);

#endif
