/*
 * Controllers: how fast to send, and how much may be in flight. One interface, several minds.
 * Rates and bytes count whole IP packets. Owner thread.
 */
#ifndef TRANSPORT_WAN_CC_H
#define TRANSPORT_WAN_CC_H

#include "transport/wan/rtt.h"

#include <stdbool.h>
#include <stdint.h>

struct cc_ack {
    uint64_t now_ns;
    uint64_t delivered;       /* bytes acknowledged in all */
    uint64_t prior_delivered; /* at the departure of the newest packet acknowledged now */
    uint64_t in_flight;       /* bytes, after this acknowledgement */
    uint64_t lost;            /* bytes lost in all, outages left out */
    uint64_t rate_bps;        /* the delivery-rate sample, 0 when there is none */
    bool app_limited;         /* the sample says only that the rate is at least this */
};

struct cc_rated {
    uint64_t rate_bps;
};

enum { CC_MODEL_ROUNDS = 10 };

enum cc_model_phase { CC_STARTUP, CC_DRAIN, CC_CRUISE };

struct cc_model {
    enum cc_model_phase phase;
    uint64_t round;
    uint64_t round_ends;             /* delivered bytes at which the present round is over */
    uint64_t rates[CC_MODEL_ROUNDS]; /* highest sample of each of the last rounds */
    uint64_t full_bps;               /* highest rate when growth was last seen */
    unsigned flat_rounds;            /* without growth */
    unsigned cycle;
    uint64_t cycle_ns;      /* when the present step of the cycle began */
    uint64_t min_rtt_ns[2]; /* of the present and the last period */
    uint64_t period_ns;
    uint64_t round_delivered; /* delivered and lost bytes when the present round began */
    uint64_t round_lost;
    uint64_t queue_ns; /* since when every packet has been late, UINT64_MAX while one is not */
};

struct cc;

struct cc_ops {
    void (*acked)(struct cc *cc, const struct cc_ack *ack, const struct rtt *rtt);
    uint64_t (*rate_bps)(const struct cc *cc);
    uint64_t (*window_bytes)(const struct cc *cc, const struct rtt *rtt);
};

struct cc {
    const struct cc_ops *ops;
    struct cc_rated rated;
    struct cc_model model;
};

/* The rate is known and nobody else's: loss means nothing, the window is two round trips. */
void cc_rated_init(struct cc *cc, uint64_t rate_bps);

/* Finds the rate: the highest delivery rate of the last rounds times the lowest round trip is what
 * the path holds; probes above and below in turn (Cardwell et al., "BBR: Congestion-Based
 * Congestion Control", ACM Queue 14(5), 2016). Random loss does not slow it. */
void cc_model_init(struct cc *cc);

#endif
