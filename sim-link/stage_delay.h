/*
 * Propagation: a constant, plus a path that changes in time. First in is first out, also when the
 * path becomes shorter. While there is no path, packets are dropped.
 */
#ifndef SIM_LINK_STAGE_DELAY_H
#define SIM_LINK_STAGE_DELAY_H

#include "sim-link/path.h"
#include "sim-link/stage.h"

struct stage_delay_options {
    uint64_t delay_ns;
    struct path *path; /* NULL: constant. The stage's own from the call on, also when it fails */
};

/* NULL when memory ran out. */
struct stage *stage_delay_new(const struct stage_delay_options *options,
                              const struct allocator *allocator);

/* Changes the constant part. */
void stage_delay_set(struct stage *stage, uint64_t delay_ns);

#endif
