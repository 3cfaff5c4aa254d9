/*
 * A token bucket that drops what is above its rate: tokens come at `rate_bps` up to `burst_bytes`,
 * and a packet that finds too few is dropped. Exact to the bit and nanosecond.
 */
#ifndef SIM_LINK_STAGE_POLICER_H
#define SIM_LINK_STAGE_POLICER_H

#include "sim-link/stage.h"

struct stage_policer_options {
    uint64_t rate_bps;
    uint64_t burst_bytes; /* at most 2^30 */
};

/* NULL when memory ran out. */
struct stage *stage_policer_new(const struct stage_policer_options *options,
                                const struct allocator *allocator);

#endif
