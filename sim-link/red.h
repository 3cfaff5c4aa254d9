/*
 * Random early detection (Floyd and Jacobson, "Random early detection gateways for congestion
 * avoidance", 1993): drops on arrival with a chance that rises with the mean queue. Owner thread.
 */
#ifndef SIM_LINK_RED_H
#define SIM_LINK_RED_H

#include "base/random.h"

struct red {
    uint64_t most_ppb; /* the chance as the mean reaches the upper bound */
    struct random random;
    uint64_t mean_q16; /* of the queue's bytes; moves by 1/512 of the difference each packet */
    int64_t since_drop;
};

/* At an arrival. `idle_packets`: how many could have left since the queue became empty. */
struct red_arrival {
    uint64_t queued_bytes;
    uint64_t idle_packets;
    uint64_t least_bytes; /* below: never; from `most_bytes` on: always */
    uint64_t most_bytes;
};
bool red_drops(struct red *red, const struct red_arrival *arrival);

#endif
