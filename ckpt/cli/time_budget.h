/*
 * Where a transfer's time went, in parts that make up the whole.
 */
#ifndef CLI_TIME_BUDGET_H
#define CLI_TIME_BUDGET_H

#include <satsync/engine.h>
#include <stdint.h>

enum { TIME_PARTS = 6 };

struct time_part {
    const char *name; /* static */
    uint64_t span_ns;
    unsigned permille; /* of elapsed_ns; all of them sum to 1000, or to 0 when no time passed */
};

/* What the link did, and last the time that this site worked without it. Pure. */
void time_budget(const struct satsync_progress *progress, struct time_part parts[TIME_PARTS]);

#endif
