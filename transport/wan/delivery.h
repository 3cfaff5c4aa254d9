/*
 * How much was delivered and lost, in IP bytes, and which packets left when there was little to
 * send. Owner thread.
 */
#ifndef TRANSPORT_WAN_DELIVERY_H
#define TRANSPORT_WAN_DELIVERY_H

#include "transport/wan/sent.h"

#include <stdbool.h>
#include <stdint.h>

struct delivery {
    uint64_t delivered;         /* IP bytes acknowledged in all */
    uint64_t lost;              /* IP bytes declared lost in all, outages left out */
    uint64_t app_limited_until; /* packets that leave below this many delivered are app-limited */
};

/* The newest packet that an acknowledgement newly acknowledges. */
struct delivery_sample {
    bool any;
    bool app_limited;
    uint64_t number;
    uint64_t sent_ns;
    uint64_t prior_delivered; /* when it left */
};

/* Fills the snapshot in a packet that leaves now. */
void delivery_sent(const struct delivery *delivery, struct sent_packet *packet);

/* Takes a newly acknowledged packet into account. */
void delivery_acked(struct delivery *delivery, const struct sent_packet *packet,
                    struct delivery_sample *sample);

/* There was nothing more to send. */
void delivery_app_limited(struct delivery *delivery, uint64_t in_flight_bytes);

#endif
