#include "sim-link/profile_option.h"

#include <assert.h>

#define YEAR 31536000000000000u
#define MINUTE 60000000000u
#define SHARE 1000000000u
#define CHOICES_ORBIT "none|starlink|starlink-all|oneweb|kuiper|o3b"
#define CHOICES_PLACE                                                                              \
    "memphis|atlanta|abudhabi|ashburn|frankfurt|london|newyork|singapore|seattle|johannesburg|"    \
    "kiel|quito"

const struct satsync_option profile_rows[FIELDS] = {
    [FIELD_SEED] = {"seed", SATSYNC_OPTION_COUNT, "N", "1", 0, UINT64_MAX,
                    "Seed of all the link's randomness; the same seed gives the same link."},
    [FIELD_SWAP] = {"swap", SATSYNC_OPTION_BOOL, "yes|no", "no", 0, 1,
                    "Turn the link: what was the uplink is the downlink."},
    [FIELD_START] = {"start", SATSYNC_OPTION_DURATION, "TIME", "0", 0, YEAR,
                     "What the link's clock shows at the beginning; slots begin at second 12."},
    [FIELD_RTT] = {"rtt", SATSYNC_OPTION_DURATION, "TIME", NULL, 0, 60 * MINUTE,
                   "Round trip without queueing, half of it each way; replaces a moving one."},
    [FIELD_ORBIT] = {"orbit", SATSYNC_OPTION_CHOICE, CHOICES_ORBIT, NULL, 0, 5,
                     "Delay of the way over these satellites, instead of rtt; needs from and to."},
    [FIELD_FROM] = {"from", SATSYNC_OPTION_CHOICE, CHOICES_PLACE, NULL, 0, 11,
                    "Where the uplink begins, for orbit."},
    [FIELD_TO] = {"to", SATSYNC_OPTION_CHOICE, CHOICES_PLACE, NULL, 0, 11,
                  "Where it ends, for orbit."},
    [FIELD_VIA] = {"via", SATSYNC_OPTION_CHOICE, "lasers|bent", "lasers", 0, 1,
                   "The shortest way by lasers, or one satellite that both ends see."},
    [FIELD_RATE] = {"rate", SATSYNC_OPTION_RATE, "RATE", NULL, 0, 1000000000000000u,
                    "IP bits a second, constant; 0 for no limit."},
    [FIELD_POLICE] = {"police", SATSYNC_OPTION_RATE, "RATE", NULL, 0, 1000000000000u,
                      "Drop what is above this rate, before the queue; 0 for no limit."},
    [FIELD_POLICE_BURST] = {"police-burst", SATSYNC_OPTION_BYTES, "BYTES", "64KiB", 1500, 1u << 30,
                            "What may pass the policer at once."},
    [FIELD_DELAY] = {"delay", SATSYNC_OPTION_DURATION, "TIME", NULL, 0, 60 * MINUTE,
                     "One-way delay, instead of half of rtt."},
    [FIELD_JITTER] = {"jitter", SATSYNC_OPTION_DURATION, "TIME", NULL, 0, MINUTE,
                      "Extra one-way delay that wanders between 0 and this; never reorders."},
    [FIELD_LOSS] = {"loss", SATSYNC_OPTION_FRACTION, "SHARE", NULL, 0, SHARE,
                    "Share of packets lost at random."},
    [FIELD_BURST] = {"burst", SATSYNC_OPTION_COUNT, "PACKETS", NULL, 1, 1000000,
                     "Mean run of packets that the loss takes together."},
    [FIELD_FADE] = {"fade", SATSYNC_OPTION_DURATION, "TIME", NULL, 0, 60 * MINUTE,
                    "Mean length of fades: bad times that come whatever is sent; 0 for none."},
    [FIELD_FADE_EVERY] = {"fade-every", SATSYNC_OPTION_DURATION, "TIME", "10s", 1000, YEAR,
                          "Mean time between two fades."},
    [FIELD_FADE_LOSS] = {"fade-loss", SATSYNC_OPTION_FRACTION, "SHARE", "100%", 0, SHARE,
                         "Share of packets lost in a fade."},
    [FIELD_QUEUE] = {"queue", SATSYNC_OPTION_DURATION, "TIME", NULL, 0, 60 * MINUTE,
                     "Longest wait in the queue; more is dropped. Default: rtt, at least 20 ms."},
    [FIELD_QUEUE_BYTES] = {"queue-bytes", SATSYNC_OPTION_BYTES, "BYTES", NULL, 0, 1ull << 40,
                           "Size of the queue in bytes, instead of a time; 0 for no limit."},
    [FIELD_QUEUE_PACKETS] = {"queue-packets", SATSYNC_OPTION_COUNT, "N", NULL, 0, 1ull << 32,
                             "Size of the queue in packets, instead of a time; 0 for no limit."},
    [FIELD_AQM] = {"aqm", SATSYNC_OPTION_CHOICE, "droptail|codel|red", "droptail", 0, 2,
                   "What drops before the queue is full: nothing, CoDel (RFC 8289), or RED."},
    [FIELD_CODEL_TARGET] = {"codel-target", SATSYNC_OPTION_DURATION, "TIME", "5ms", 1000, MINUTE,
                            "The wait that CoDel aims at."},
    [FIELD_CODEL_INTERVAL] = {"codel-interval", SATSYNC_OPTION_DURATION, "TIME", "100ms", 1000,
                              MINUTE, "How long it must be longer before CoDel drops."},
    [FIELD_RED_LEAST] = {"red-least", SATSYNC_OPTION_DURATION, "TIME", "5ms", 0, MINUTE,
                         "Mean wait below which RED drops nothing."},
    [FIELD_RED_MOST] = {"red-most", SATSYNC_OPTION_DURATION, "TIME", "15ms", 1, MINUTE,
                        "Mean wait from which on RED drops everything."},
    [FIELD_RED_SHARE] = {"red-share", SATSYNC_OPTION_FRACTION, "SHARE", "10%", 1, SHARE,
                         "Share that RED drops just below red-most."},
    [FIELD_ECN] = {"ecn", SATSYNC_OPTION_BOOL, "yes|no", "no", 0, 1,
                   "CoDel and RED mark packets that are ECN-capable instead of dropping them."},
    [FIELD_PARK] = {"park", SATSYNC_OPTION_DURATION, "TIME", NULL, 0, YEAR,
                    "Stop the transmitter for so long, while the queue fills."},
    [FIELD_PARK_AT] = {"park-at", SATSYNC_OPTION_DURATION, "TIME", "0", 0, YEAR,
                       "When it is first stopped, on the link's clock."},
    [FIELD_PARK_EVERY] = {"park-every", SATSYNC_OPTION_DURATION, "TIME", "15s", 1, YEAR,
                          "How often."},
    [FIELD_OUTAGE] = {"outage", SATSYNC_OPTION_DURATION, "TIME", NULL, 0, YEAR,
                      "Drop all for so long, at outage-at."},
    [FIELD_OUTAGE_HOLD] = {"outage-hold", SATSYNC_OPTION_DURATION, "TIME", NULL, 0, YEAR,
                           "Then hold all for so long, and release it together."},
    [FIELD_OUTAGE_AT] = {"outage-at", SATSYNC_OPTION_DURATION, "TIME", "0", 0, YEAR,
                         "When the first outage begins, on the link's clock."},
    [FIELD_OUTAGE_EVERY] = {"outage-every", SATSYNC_OPTION_DURATION, "TIME", "0", 0, YEAR,
                            "Repeat the outage so often; 0 for once."},
    [FIELD_REORDER] = {"reorder", SATSYNC_OPTION_FRACTION, "SHARE", NULL, 0, SHARE,
                       "Share of packets that come late and are overtaken."},
    [FIELD_REORDER_BY] = {"reorder-by", SATSYNC_OPTION_DURATION, "TIME", "10ms", 0, MINUTE,
                          "How late such a packet is at most."},
    [FIELD_DUPLICATE] = {"duplicate", SATSYNC_OPTION_FRACTION, "SHARE", NULL, 0, SHARE,
                         "Share of packets that come twice."},
    [FIELD_CORRUPT] = {"corrupt", SATSYNC_OPTION_FRACTION, "SHARE", NULL, 0, SHARE,
                       "Share of packets with one bit flipped."},
    [FIELD_MTU] = {"mtu", SATSYNC_OPTION_BYTES, "BYTES", "1500", 576, 65535,
                   "Largest IP packet; larger ones are dropped."},
    [FIELD_TRACE] = {"trace", SATSYNC_OPTION_TEXT, "FILE", NULL, 1, PROFILE_TRACE_BYTES - 1,
                     "Replay this file: mahimahi's opportunities, or rate, delay and loss."},
    [FIELD_TRACE_BYTES] = {"trace-bytes", SATSYNC_OPTION_BYTES, "BYTES", "1500", 1, 65535,
                           "What one opportunity of a mahimahi trace carries: 1500, or 1504."},
};

static void apply_queue(struct lane_plan *plan, enum profile_field field, uint64_t value) {
    plan->queue_ns = field == FIELD_QUEUE ? value : 0;
    plan->queue_bytes = field == FIELD_QUEUE_BYTES ? value : 0;
    plan->queue_packets = field == FIELD_QUEUE_PACKETS ? value : 0;
}

static void apply_delay(struct lane_plan *plan, uint64_t delay_ns) {
    plan->delay_ns = delay_ns;
    plan->rtt.quantiles = NULL;
    plan->rtt.quantile_count = 0;
    plan->table.count = 0;
    plan->orbit.router.constellation = NULL;
}

static void apply_rate(struct lane_plan *plan, uint64_t rate_bps) {
    plan->rate_bps = rate_bps;
    plan->rate_spread_q16 = 0;
    plan->rate_quantiles = NULL;
}

static void apply_loss(struct lane_plan *plan, enum profile_field field, uint64_t value) {
    switch (field) {
    case FIELD_LOSS:
        plan->loss_ppb = value;
        plan->bad_ns = 0;
        break;
    case FIELD_BURST:
        plan->burst_packets = value;
        plan->bad_ns = 0;
        break;
    case FIELD_FADE:
        plan->bad_ns = value;
        plan->bad_loss_ppb = plan->bad_loss_ppb == 0 ? SHARE : plan->bad_loss_ppb;
        plan->good_ns = plan->good_ns == 0 ? 10000000000u : plan->good_ns;
        break;
    case FIELD_FADE_EVERY:
        plan->good_ns = value;
        break;
    default:
        plan->bad_loss_ppb = value;
        break;
    }
}

static void apply_aqm(struct lane_plan *plan, enum profile_field field, uint64_t value) {
    switch (field) {
    case FIELD_AQM:
        plan->discipline = (enum queue_discipline)value;
        break;
    case FIELD_CODEL_TARGET:
        plan->codel_target_ns = value;
        break;
    case FIELD_CODEL_INTERVAL:
        plan->codel_interval_ns = value;
        break;
    case FIELD_RED_LEAST:
        plan->red_least_ns = value;
        break;
    case FIELD_RED_MOST:
        plan->red_most_ns = value;
        break;
    case FIELD_RED_SHARE:
        plan->red_ppb = value;
        break;
    default:
        plan->marks = value != 0;
        break;
    }
}

static void apply_schedule(struct lane_plan *plan, enum profile_field field, uint64_t value) {
    switch (field) {
    case FIELD_PARK:
        plan->park_ns = value;
        break;
    case FIELD_PARK_AT:
        plan->park_phase_ns = value;
        break;
    case FIELD_PARK_EVERY:
        plan->park_period_ns = value;
        break;
    case FIELD_OUTAGE:
        plan->outage.drop_ns = value;
        break;
    case FIELD_OUTAGE_HOLD:
        plan->outage.hold_ns = value;
        break;
    case FIELD_OUTAGE_AT:
        plan->outage.phase_ns = value;
        break;
    default:
        plan->outage.period_ns = value;
        break;
    }
}

void profile_apply(struct lane_plan *plan, enum profile_field field, uint64_t value) {
    switch (field) {
    case FIELD_RATE:
        apply_rate(plan, value);
        break;
    case FIELD_POLICE:
        plan->police_bps = value;
        break;
    case FIELD_POLICE_BURST:
        plan->police_burst_bytes = value;
        break;
    case FIELD_DELAY:
        apply_delay(plan, value);
        break;
    case FIELD_JITTER:
        plan->jitter_ns = value;
        break;
    case FIELD_LOSS:
    case FIELD_BURST:
    case FIELD_FADE:
    case FIELD_FADE_EVERY:
    case FIELD_FADE_LOSS:
        apply_loss(plan, field, value);
        break;
    case FIELD_QUEUE:
    case FIELD_QUEUE_BYTES:
    case FIELD_QUEUE_PACKETS:
        apply_queue(plan, field, value);
        break;
    case FIELD_AQM:
    case FIELD_CODEL_TARGET:
    case FIELD_CODEL_INTERVAL:
    case FIELD_RED_LEAST:
    case FIELD_RED_MOST:
    case FIELD_RED_SHARE:
    case FIELD_ECN:
        apply_aqm(plan, field, value);
        break;
    case FIELD_PARK:
    case FIELD_PARK_AT:
    case FIELD_PARK_EVERY:
    case FIELD_OUTAGE:
    case FIELD_OUTAGE_HOLD:
    case FIELD_OUTAGE_AT:
    case FIELD_OUTAGE_EVERY:
        apply_schedule(plan, field, value);
        break;
    case FIELD_REORDER:
        plan->reorder_ppb = value;
        break;
    case FIELD_REORDER_BY:
        plan->reorder_ns = value;
        break;
    case FIELD_DUPLICATE:
        plan->duplicate_ppb = value;
        break;
    case FIELD_CORRUPT:
        plan->corrupt_ppb = value;
        break;
    case FIELD_MTU:
        plan->mtu_bytes = value;
        break;
    case FIELD_TRACE_BYTES:
        plan->replay.opportunity_bytes = (uint32_t)value;
        break;
    default:
        assert(false);
    }
}

static void apply_orbit(struct profile *profile, enum profile_field field, uint64_t value) {
    size_t count;
    struct router_options *router = &profile->there.orbit.router;
    switch (field) {
    case FIELD_ORBIT:
        apply_delay(&profile->there, 0);
        apply_delay(&profile->back, 0);
        profile->rtt_ns = 0;
        router->constellation = value == 0 ? NULL : &constellation_list(&count)[value - 1];
        break;
    case FIELD_FROM:
        router->from = &place_list(&count)[value];
        break;
    case FIELD_TO:
        router->to = &place_list(&count)[value];
        break;
    default:
        router->via = value == 0 ? ROUTE_LASERS : ROUTE_BENT;
        break;
    }
}

void profile_apply_link(struct profile *profile, enum profile_field field, uint64_t value) {
    switch (field) {
    case FIELD_SEED:
        profile->seed = value;
        break;
    case FIELD_START:
        profile->start_ns = value;
        break;
    case FIELD_RTT:
        profile->rtt_ns = value;
        apply_delay(&profile->there, value - value / 2);
        apply_delay(&profile->back, value / 2);
        break;
    case FIELD_ORBIT:
    case FIELD_FROM:
    case FIELD_TO:
    case FIELD_VIA:
        apply_orbit(profile, field, value);
        break;
    default:
        assert(false);
    }
}
