/*
 * One direction of a link: a chain of stages from plain figures, its counters, and its trace.
 *
 *   push -> policer -> queue + rate (or replay) -> gate -> loss -> delay -> jitter -> disorder ->
 * sink
 *
 * At every moment, in packets and in payload bytes:
 *   entered + duplicated = delivered + dropped (by cause) + held
 * Owner thread.
 */
#ifndef SIM_LINK_LANE_H
#define SIM_LINK_LANE_H

#include "sim-link/path.h"
#include "sim-link/stage.h"
#include "sim-link/stage_gate.h"
#include "sim-link/stage_rate.h"
#include "sim-link/stage_replay.h"
#include "sim-link/trace_hash.h"

#include <satsync/status.h>

/* What a direction does, in figures. All zero: everything arrives at once. What it borrows must
 * outlive the lane. */
struct lane_plan {
    uint64_t police_bps; /* 0: no policer */
    uint64_t police_burst_bytes;
    uint64_t rate_bps; /* of IP bits; 0: no limit */
    int32_t rate_spread_q16;
    const struct quantile *rate_quantiles; /* borrowed; permille of rate_bps, instead of spread */
    size_t rate_quantile_count;
    struct series rate_series;  /* instead of rate_bps; without steps: unused */
    struct replay_trace replay; /* likewise; count 0: unused */
    uint64_t queue_ns;          /* 0: no limit, likewise the two below */
    uint64_t queue_bytes;
    uint64_t queue_packets;
    enum queue_discipline discipline;
    uint64_t codel_target_ns;
    uint64_t codel_interval_ns;
    uint64_t red_least_ns;
    uint64_t red_most_ns;
    uint64_t red_ppb;
    bool marks; /* ECN instead of early drops */
    uint64_t park_period_ns;
    uint64_t park_phase_ns;
    uint64_t park_ns;
    uint64_t delay_ns;
    struct slots_options slots; /* of the rate, and of a way over satellites; period 0: unused */
    /* One of these three adds to delay_ns. */
    struct path_slots_options rtt; /* without quantiles: unused; seed and streams are the lane's */
    struct path_table_options table; /* count 0: unused */
    struct path_orbit_options orbit; /* without constellation: unused; as above */
    uint64_t jitter_ns;
    uint64_t loss_ppb;
    uint64_t burst_packets; /* > 1: the loss comes in bursts of this mean length */
    uint64_t bad_loss_ppb;  /* in a bad state in time, with its mean lengths */
    uint64_t bad_ns;
    uint64_t good_ns;
    struct series loss_series; /* instead of loss_ppb; without steps: unused */
    struct gate_schedule reconfiguration;
    struct gate_schedule outage;
    uint64_t reorder_ppb;
    uint64_t reorder_ns;
    uint64_t duplicate_ppb;
    uint64_t corrupt_ppb;
    uint64_t mtu_bytes;            /* of IP packets; 0: 1500 */
    const struct lane_plan *after; /* borrowed; the next hop, or NULL */
};

enum { LANE_HEADER_BYTES = 28, LANE_HOPS_LIMIT = 8 }; /* IPv4 and UDP */

struct lane;

struct lane_counts {
    uint64_t entered_packets;
    uint64_t entered_bytes;
    uint64_t delivered_packets;
    uint64_t delivered_bytes;
    uint64_t duplicated_packets;
    uint64_t duplicated_bytes;
    uint64_t dropped_packets[DROP_CAUSES];
    uint64_t dropped_bytes;
    uint64_t queued_packets; /* waiting for the transmitter or in it */
    uint64_t flying_packets; /* held by any other stage */
};

struct lane_identity {
    uint64_t seed;
    uint32_t link;      /* both directions of a link share the draws of its slots and gates */
    uint32_t direction; /* 0 or 1 */
    const char *name;   /* for who looks inside; borrowed, may be NULL */
};

/* Sees what becomes of each packet, before its owner does. A leaf: it pushes nothing. */
struct lane_fate {
    uint64_t now_ns;
    bool delivered;
    enum drop_cause cause; /* when it was not */
};
struct lane_watch {
    void (*fate)(struct lane_watch *watch, const struct lane *lane, const struct lane_fate *fate,
                 const struct packet *packet);
    struct lane_watch *next; /* NULL in the last */
};

typedef void lane_sink(void *context, uint64_t now_ns, struct packet *packet);

struct lane_options {
    const struct lane_plan *plan; /* copied, but what it borrows is not */
    bool live;                    /* make also the stages that do nothing yet, for lane_set */
    struct lane_identity identity;
    bool whole_packets;       /* as in struct sim_options */
    uint16_t index;           /* among its owner's lanes */
    struct packets *packets;  /* borrowed */
    struct trace_hash *trace; /* borrowed; NULL: none is kept */
    lane_sink *sink;          /* takes each delivered packet over */
    void *context;
    const struct allocator *allocator;
};

enum satsync_status lane_open(const struct lane_options *options, struct lane **lane,
                              struct satsync_error *error) SATSYNC_MUST_CHECK;
void lane_close(struct lane *lane);

/* Copies a payload in (none where packets have no content). It may be dropped there and then. */
void lane_push(struct lane *lane, uint64_t now_ns, const struct packet *header, const void *data);

/* When lane_run is next needed. */
uint64_t lane_next_ns(const struct lane *lane);

/* Runs what is due at exactly lane_next_ns, which now_ns is. */
void lane_run(struct lane *lane, uint64_t now_ns);

uint16_t lane_index(const struct lane *lane);

const struct lane_identity *lane_identity(const struct lane *lane);

/* From now on; borrowed, NULL for nobody. */
void lane_watch(struct lane *lane, struct lane_watch *first);

void lane_counts(const struct lane *lane, struct lane_counts *counts);

/* stage_gate_shut on this direction's gate. */
void lane_shut(struct lane *lane, uint64_t until_ns);

/* Takes rate, delay, jitter and loss of the first hop from `plan`; `live` lanes only. */
void lane_set(struct lane *lane, const struct lane_plan *plan);

/* What the first hop's transmitter does: 0 without a limit. */
struct lane_state {
    uint64_t rate_bps;
    uint64_t queued_packets;
    uint64_t queued_bytes;
};
void lane_state(const struct lane *lane, uint64_t now_ns, struct lane_state *state);

const char *drop_cause_name(enum drop_cause cause);

#endif
