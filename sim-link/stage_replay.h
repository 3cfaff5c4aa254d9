/*
 * A transmitter that follows a recorded list of opportunities, as mahimahi does (Netravali et al.,
 * "Mahimahi: Accurate Record-and-Replay for HTTP", 2015): at each, so many bytes of the queue
 * leave, of as many packets as they reach; what is not used is lost. The list repeats after its
 * last.
 */
#ifndef SIM_LINK_STAGE_REPLAY_H
#define SIM_LINK_STAGE_REPLAY_H

#include "sim-link/queue.h"

struct replay_trace {
    const uint64_t *at_ns; /* borrowed; not falling; the last, which is the period, > 0 */
    size_t count;          /* 0: none */
    uint32_t opportunity_bytes;
};

struct stage_replay_options {
    struct replay_trace trace;
    struct queue_options queue; /* its limit in time counts at the trace's mean rate */
};

/* NULL when memory ran out. */
struct stage *stage_replay_new(const struct stage_replay_options *options,
                               const struct allocator *allocator);

const struct queue *stage_replay_queue(const struct stage *stage);

#endif
