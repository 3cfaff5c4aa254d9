/*
 * Outages and reconfigurations: a gate that is shut by a schedule, or by hand.
 *
 * Each period, from its phase on, packets are first dropped for `drop_ns`, then held for `hold_ns`
 * and released together. A gate shut by hand drops until it is opened.
 */
#ifndef SIM_LINK_STAGE_GATE_H
#define SIM_LINK_STAGE_GATE_H

#include "sim-link/slots.h"
#include "sim-link/stage.h"

struct gate_schedule {
    uint64_t period_ns; /* 0: never */
    uint64_t phase_ns;  /* first time */
    uint64_t drop_ns;
    uint64_t hold_ns;
    int32_t hold_spread_q16; /* each hold is hold * 2^(z * spread) with a normal z; 0: all alike */
    uint64_t count;          /* times; 0: no end */
    const struct quantile *hold_quantiles; /* borrowed; or: each hold is drawn from these */
    size_t hold_quantile_count;
};

enum { GATE_SCHEDULES = 2 };

struct stage_gate_options {
    struct gate_schedule schedules[GATE_SCHEDULES]; /* a link's own, and a user's outages */
    struct random random;                           /* for hold_spread */
};

/* NULL when memory ran out. */
struct stage *stage_gate_new(const struct stage_gate_options *options,
                             const struct allocator *allocator);

/* Shuts the gate by hand until until_ns (TIME_NEVER: until opened); a past time opens it. */
void stage_gate_shut(struct stage *stage, uint64_t until_ns);

#endif
