/*
 * Credit between the ends: the receiver says how many message bytes in all it will take, each
 * counted once. The last of the credit is kept for the higher classes, so that a receiver that is
 * slow with bulk still hears control messages. Owner thread.
 */
#ifndef TRANSPORT_WAN_FLOW_H
#define TRANSPORT_WAN_FLOW_H

#include "port/link.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    /* What a sender may use before it knows the peer's window, and the least a window can be. */
    FLOW_EARLY_BYTES = 32 << 20,
    FLOW_RESERVE_BYTES = 1 << 20 /* of the credit, kept for each class above */
};

struct flow_out {
    uint64_t limit;
    uint64_t sent;
};

struct flow_in {
    uint64_t window;
    uint64_t received;
    uint64_t released;
    uint64_t told; /* the limit that the peer was told last */
};

bool flow_may_send(const struct flow_out *flow, enum link_class class, uint64_t bytes);

/* Limits only grow; a lower one is an old frame. */
void flow_raise(struct flow_out *flow, uint64_t limit);

uint64_t flow_limit(const struct flow_in *flow);

/* True when the peer should hear of the limit soon: an eighth of the window came free. */
bool flow_is_news(const struct flow_in *flow);

#endif
