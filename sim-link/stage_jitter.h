/*
 * Jitter without reordering: an extra delay that wanders between 0 and `jitter_ns` along straight
 * lines between random knots, one each 10 ms. It is a function of time alone, so that sending
 * faster does not change it; a packet never overtakes the one before.
 */
#ifndef SIM_LINK_STAGE_JITTER_H
#define SIM_LINK_STAGE_JITTER_H

#include "sim-link/stage.h"

struct stage_jitter_options {
    uint64_t jitter_ns;
    uint64_t seed;
    uint64_t stream;
};

/* NULL when memory ran out. */
struct stage *stage_jitter_new(const struct stage_jitter_options *options,
                               const struct allocator *allocator);

void stage_jitter_set(struct stage *stage, uint64_t jitter_ns);

/* The extra delay at a time. Pure. */
uint64_t stage_jitter_at(const struct stage_jitter_options *options, uint64_t now_ns);

#endif
