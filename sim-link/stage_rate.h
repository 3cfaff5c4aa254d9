/*
 * A transmitter of a given rate behind a queue.
 *
 * A packet of w bits leaves w / rate after the later of its arrival and the departure before it.
 * The fraction of a nanosecond is carried exactly (as a numerator over the rate), so that n packets
 * back to back end at ceil(n * w * 10^9 / rate) with no drift at any n. While it is parked, nothing
 * begins to be transmitted and the queue fills.
 */
#ifndef SIM_LINK_STAGE_RATE_H
#define SIM_LINK_STAGE_RATE_H

#include "sim-link/queue.h"
#include "sim-link/series.h"
#include "sim-link/slots.h"

struct stage_rate_options {
    uint64_t rate_bps; /* > 0, at most 10^15 */
    struct queue_options queue;
    /* The rate of a slot is rate * 2^(z * spread); 0: constant. */
    int32_t spread_q16;
    const struct quantile *quantiles; /* borrowed; or: rate * value / 1000 at z */
    size_t quantile_count;
    struct slots slots;
    struct series series;    /* or: the rate by a trace, in bits a second; 0 parks */
    uint64_t park_period_ns; /* 0: never parked */
    uint64_t park_phase_ns;
    uint64_t park_ns;
};

/* NULL when memory ran out. */
struct stage *stage_rate_new(const struct stage_rate_options *options,
                             const struct allocator *allocator);

/* The rate of what is transmitted from now_ns on. */
uint64_t stage_rate_bps(struct stage *stage, uint64_t now_ns);

/* Changes the rate that slots vary, from the next packet on. */
void stage_rate_set(struct stage *stage, uint64_t rate_bps);

const struct queue *stage_rate_queue(const struct stage *stage);

#endif
