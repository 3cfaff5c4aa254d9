/*
 * Controllers: how fast to send, and how much may be in flight. One interface, several minds.
 * Rates and bytes count whole IP packets. Owner thread.
 */
#ifndef TRANSPORT_WAN_CC_H
#define TRANSPORT_WAN_CC_H

#include "port/link.h"
#include "transport/wan/arrival.h"
#include "transport/wan/rtt.h"

#include <stdbool.h>
#include <stdint.h>

struct cc_ack {
    uint64_t now_ns;
    uint64_t delivered;       /* bytes acknowledged in all */
    uint64_t prior_delivered; /* at the departure of the newest packet acknowledged now */
    uint64_t in_flight;       /* bytes, after this acknowledgement */
    uint64_t lost;            /* bytes lost in all, outages left out */
    bool app_limited;         /* that packet left when there was little to send */
    struct arrival_rates arrival;
};

struct cc_rated {
    uint64_t rate_bps;
};

enum { CC_MODEL_ROUNDS = 10, CC_MODEL_TRAINS = 8 };

/*     STARTUP --trains measured--> JUMP --what came of it was measured--> CRUISE
 *        +---queue, loss, no growth, with no train measured---------------^ | ^
 *                                   JUMP <--trains say far more-------------+ | (a step up)
 *                                   step down: the old rates are forgotten ---+ */
/* With a remembered path it begins with a JUMP to what that carried. */
enum cc_model_phase { CC_STARTUP, CC_JUMP, CC_CRUISE };

struct cc_model {
    enum cc_model_phase phase;
    uint64_t now_ns; /* of the latest acknowledgement, and its round trip */
    uint64_t rtt_ns;
    uint64_t jitter_ns; /* by which a packet is usually late without a queue */
    uint64_t round;
    uint64_t round_ends;              /* delivered bytes at which the present round is over */
    uint64_t round_ns;                /* when it began */
    uint64_t rates[CC_MODEL_ROUNDS];  /* highest span of each of the last rounds */
    uint32_t losses[CC_MODEL_ROUNDS]; /* share of each of them, in millionths */
    uint64_t trains[CC_MODEL_TRAINS];
    uint64_t train_count;
    uint64_t jump_bps;
    uint64_t jump_from_bps;
    uint64_t jump_ns;
    uint64_t remembered_rtt_ns; /* of the path, until one is measured */
    uint64_t no_jump_round;     /* until when none is tried again after one that gained nothing */
    uint64_t full_bps;          /* highest rate when growth was last seen */
    unsigned flat_rounds;       /* without growth */
    uint64_t min_rtt_ns[2];     /* of the present and the last period */
    uint64_t period_ns;
    uint64_t round_delivered; /* delivered and lost bytes when the present round began */
    uint64_t round_lost;
    uint64_t queue_ns;     /* since when every packet has been late, UINT64_MAX while one is not */
    unsigned queue_rounds; /* that a queue has stood for, though less was sent */
};

/* Windows of whole packets' worth, in bytes, of those controllers that have one at heart. */
enum { CC_PACKET_BYTES = 1500 };

/* What both of them see of losses: those of one flight count once. */
struct cc_flight {
    uint64_t delivered; /* bytes, at the last acknowledgement */
    uint64_t lost;
    uint64_t ends; /* delivered bytes at which the flight that was answered for is over */
};

/*     slow start --loss, or a queue--> avoidance --loss--> avoidance, from 7/10 of the window */
struct cc_cubic {
    uint64_t window;
    uint64_t threshold; /* slow start below it */
    uint64_t most;      /* the window at the last loss */
    uint64_t reno;      /* what a Reno flow would have by now */
    uint64_t epoch_ns;  /* when the present growth began, 0: it has not */
    uint64_t origin_ms; /* after that: when the window is `most` again */
    uint64_t now_ns;
    uint64_t smoothed_ns;
    struct cc_flight flight;
    uint64_t round_ends;     /* delivered bytes */
    uint64_t round_rtt_ns;   /* lowest of the present round */
    uint64_t earlier_rtt_ns; /* and of the last */
};

/*     slow start --a queue--> avoidance --now and then--> slowdown --two round trips--> slow start
 */
struct cc_scavenger {
    uint64_t window;
    uint64_t threshold;
    uint64_t target_ns;  /* of queue */
    uint64_t base_ns[2]; /* lowest round trip of the present and the last period */
    uint64_t period_ns;
    uint64_t recent_ns[4]; /* round trips: the lowest of them is believed */
    unsigned samples;
    uint64_t now_ns;
    uint64_t smoothed_ns;
    struct cc_flight flight;
    bool planned;     /* a slowdown is */
    bool slowed;      /* it lasts */
    bool has_slowed;  /* there was one */
    uint64_t slow_ns; /* when it begins, or the last began */
};

struct cc;

struct cc_ops {
    void (*acked)(struct cc *cc, const struct cc_ack *ack, const struct rtt *rtt);
    uint64_t (*rate_bps)(const struct cc *cc);
    uint64_t (*window_bytes)(const struct cc *cc, const struct rtt *rtt);
    /* How much may leave together, in time at that rate. */
    uint64_t (*burst_ns)(const struct cc *cc);
    /* What the path was found to carry; 0 while it is not known, or not found but told. */
    uint64_t (*found_bps)(const struct cc *cc);
};

struct cc {
    const struct cc_ops *ops;
    struct cc_rated rated;
    struct cc_model model;
    struct cc_cubic cubic;
    struct cc_scavenger scavenger;
};

/* The rate is known and nobody else's: loss means nothing, the window is two round trips. */
void cc_rated_init(struct cc *cc, uint64_t rate_bps);

/* Finds the rate: what is sent leaves in short trains, whose spread at the receiver tells the
 * path's rate from the first round trip on; the highest rate delivered in the last rounds times the
 * lowest round trip is what the path holds (Cardwell et al., "BBR: Congestion-Based Congestion
 * Control", ACM Queue 14(5), 2016). Random loss does not slow it, a queue does. What is remembered
 * of the path (zero: nothing) is where it begins; the first acknowledgements say whether that is
 * still so. */
void cc_model_init(struct cc *cc, const struct link_path *remembered);

/* CUBIC (RFC 9438), with slow start left early as in HyStart++ (RFC 9406): takes on a shared path
 * what TCP flows there take, and like them hardly moves where loss is random. Its own: departures
 * are paced, and an outage is no loss, as of all controllers here. */
void cc_cubic_init(struct cc *cc);

/* LEDBAT++ (draft-irtf-iccrg-ledbat-plus-plus-01; RFC 6817): keeps at most 60 ms of queue, leaves
 * the path to whoever makes more, and takes it again when they are gone. Its own: where losses show
 * the queue to be shorter, half of that. */
void cc_scavenger_init(struct cc *cc);

/* Takes an acknowledgement: *acked is the bytes that it newly delivers; true when it tells of a
 * loss in a flight that none was told of before. */
bool cc_flight_acked(struct cc_flight *flight, const struct cc_ack *ack, uint64_t *acked);

#endif
