/*
 * Propagation: a constant, plus a part that is drawn anew each slot from an empirical distribution.
 * First in is first out, also when a slot makes the path shorter.
 */
#ifndef SIM_LINK_STAGE_DELAY_H
#define SIM_LINK_STAGE_DELAY_H

#include "sim-link/slots.h"
#include "sim-link/stage.h"

struct stage_delay_options {
    uint64_t delay_ns;
    const struct quantile *quantiles; /* borrowed; NULL: constant */
    size_t quantile_count;
    struct slots slots;
    uint32_t share_permille; /* of a drawn value that counts: 500 of a round trip */
};

/* NULL when memory ran out. */
struct stage *stage_delay_new(const struct stage_delay_options *options,
                              const struct allocator *allocator);

#endif
