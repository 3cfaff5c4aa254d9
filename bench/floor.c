#include "bench/floor.h"

static double share_of(uint64_t part, uint64_t whole) {
    return whole ? (double)part / (double)whole : 0;
}

static double mean_loss(const struct lane_plan *plan) {
    double bad = share_of(plan->bad_ns, plan->bad_ns + plan->good_ns);
    return (double)plan->loss_ppb / 1e9 + bad * (double)plan->bad_loss_ppb / 1e9;
}

/* Held packets leave later, at the link's rate: only what is dropped is an outage. */
static double mean_outage(const struct lane_plan *plan) {
    return share_of(plan->reconfiguration.drop_ns, plan->reconfiguration.period_ns) +
           share_of(plan->outage.drop_ns, plan->outage.period_ns);
}

uint64_t floor_ns(const struct profile *profile, uint64_t bytes) {
    const struct lane_plan *plan = &profile->there;
    if (plan->rate_bps == 0) {
        return UINT64_MAX;
    }
    double goodput = (double)plan->rate_bps * FLOOR_PAYLOAD_BYTES / FLOOR_PACKET_BYTES *
                     (1 - mean_loss(plan)) * (1 - mean_outage(plan));
    return profile->rtt_ns / 2 + (uint64_t)(8e9 * (double)bytes / goodput);
}
