#include "transport/wan/rtt.h"

static const uint64_t MS = 1000000;

void rtt_init(struct rtt *rtt, uint64_t initial_ns) {
    *rtt = (struct rtt){.smoothed_ns = initial_ns, .variation_ns = initial_ns / 2};
}

void rtt_sample(struct rtt *rtt, uint64_t sample_ns, uint64_t delay_ns) {
    rtt->latest_ns = sample_ns;
    if (!rtt->sampled) {
        rtt->sampled = true;
        rtt->min_ns = sample_ns;
        rtt->smoothed_ns = sample_ns - (delay_ns < sample_ns / 2 ? delay_ns : sample_ns / 2);
        rtt->variation_ns = sample_ns / 8;
        return;
    }
    rtt->min_ns = sample_ns < rtt->min_ns ? sample_ns : rtt->min_ns;
    /* A delay that would take the sample below the minimum is not believed. */
    uint64_t adjusted = sample_ns >= rtt->min_ns + delay_ns ? sample_ns - delay_ns : sample_ns;
    uint64_t deviation =
        adjusted > rtt->smoothed_ns ? adjusted - rtt->smoothed_ns : rtt->smoothed_ns - adjusted;
    rtt->variation_ns = (3 * rtt->variation_ns + deviation) / 4;
    rtt->smoothed_ns = (7 * rtt->smoothed_ns + adjusted) / 8;
}

uint64_t rtt_ack_delay(uint64_t smoothed_ns) {
    uint64_t delay = smoothed_ns / 8;
    return delay < MS ? MS : delay > 50 * MS ? 50 * MS : delay;
}

uint64_t rtt_ack_soon(uint64_t smoothed_ns) {
    uint64_t delay = rtt_ack_delay(smoothed_ns);
    return delay < 5 * MS ? delay : 5 * MS;
}

uint64_t rtt_patience(const struct rtt *rtt) {
    uint64_t spread = 4 * rtt->variation_ns;
    uint64_t floor = rtt->smoothed_ns / 8 + 5 * MS;
    return rtt->smoothed_ns + (spread > floor ? spread : floor) +
           2 * rtt_ack_delay(rtt->smoothed_ns);
}
