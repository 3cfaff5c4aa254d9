/*
 * Delivery-rate samples: how many bytes arrived between a packet's departure and its
 * acknowledgement, over the longer of the times they took to leave and to be acknowledged
 * (draft-cheng-iccrg-delivery-rate-estimation-02). Owner thread.
 */
#ifndef TRANSPORT_WAN_DELIVERY_H
#define TRANSPORT_WAN_DELIVERY_H

#include "transport/wan/sent.h"

#include <stdbool.h>
#include <stdint.h>

struct delivery {
    uint64_t delivered;    /* IP bytes acknowledged in all */
    uint64_t lost;         /* IP bytes declared lost in all, outages left out */
    uint64_t delivered_ns; /* when the last of them was */
    uint64_t first_sent_ns;
    uint64_t app_limited_until; /* samples below this many delivered bytes are app-limited */
};

struct delivery_sample {
    bool valid;
    bool app_limited;
    uint64_t rate_bps;
    uint64_t prior_delivered; /* when the newest acknowledged packet left */
    uint64_t best_prior;      /* scratch: the newest packet so far */
    uint64_t send_ns;
    uint64_t ack_ns;
    bool any;
};

/* Fills the snapshot in a packet that leaves now; `idle` when nothing else is in flight. */
void delivery_sent(struct delivery *delivery, struct sent_packet *packet, bool idle);

/* Takes a newly acknowledged packet into account. */
void delivery_acked(struct delivery *delivery, const struct sent_packet *packet, uint64_t now_ns,
                    struct delivery_sample *sample);

/* After the last packet of an acknowledgement. A sample over less than `min_rtt_ns` is not valid.
 */
void delivery_finish(const struct delivery *delivery, uint64_t min_rtt_ns,
                     struct delivery_sample *sample);

/* There was nothing more to send. */
void delivery_app_limited(struct delivery *delivery, uint64_t in_flight_bytes);

#endif
