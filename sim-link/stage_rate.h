/*
 * A transmitter of a given rate behind a drop-tail queue.
 *
 * A packet of w bits leaves w / rate after the later of its arrival and the departure before it.
 * The fraction of a nanosecond is carried exactly (as a numerator over the rate), so that n packets
 * back to back end at ceil(n * w * 10^9 / rate) with no drift at any n.
 */
#ifndef SIM_LINK_STAGE_RATE_H
#define SIM_LINK_STAGE_RATE_H

#include "sim-link/slots.h"
#include "sim-link/stage.h"

struct stage_rate_options {
    uint64_t rate_bps;      /* > 0, at most 10^15 */
    uint64_t queue_ns;      /* longest time a packet may wait at the present rate; 0: no limit */
    uint64_t queue_bytes;   /* wire bytes waiting or in transmission; 0: no limit */
    uint64_t queue_packets; /* likewise */
    /* The rate of a slot is rate * 2^(z * spread); 0: constant. */
    int32_t spread_q16;
    struct slots slots;
};

/* NULL when memory ran out. */
struct stage *stage_rate_new(const struct stage_rate_options *options,
                             const struct allocator *allocator);

#endif
