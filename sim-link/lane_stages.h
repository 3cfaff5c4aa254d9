/* The stages of a lane, made from its plan: hop after hop. */
#ifndef SIM_LINK_LANE_STAGES_H
#define SIM_LINK_LANE_STAGES_H

#include "sim-link/lane.h"

enum { LANE_HOP_STAGES = 7, LANE_STAGES_LIMIT = LANE_HOP_STAGES * LANE_HOPS_LIMIT };

struct lane_stages {
    struct stage *all[LANE_STAGES_LIMIT];
    size_t count;
    struct stage *timed[LANE_STAGES_LIMIT]; /* those that may have something to run, in order */
    size_t timed_count;
    struct stage *queues[LANE_HOPS_LIMIT];
    size_t queue_count;
    /* Of the first hop; NULL where there is none. */
    struct stage *rate;
    struct stage *replay;
    struct stage *gate;
    struct stage *loss;
    struct stage *delay;
    struct stage *jitter;
};

/* False when memory ran out; lane_stages_free frees what was made. */
bool lane_stages_build(struct lane_stages *stages, const struct lane_options *options,
                       struct stage_exit *exit);
void lane_stages_free(struct lane_stages *stages);

/* Whether packets that it holds are queued, not flying. */
bool lane_stages_is_queue(const struct lane_stages *stages, const struct stage *stage);

#endif
