#include "base/wide.h"
#include "transport/wan/cc.h"

static const uint64_t SLACK_NS = 100000000;

static void acked(struct cc *cc, const struct cc_ack *ack, const struct rtt *rtt) {
    (void)cc;
    (void)ack;
    (void)rtt;
}

static uint64_t rate_bps(const struct cc *cc) {
    return cc->rated.rate_bps;
}

/* Two round trips, so that one acknowledgement lost or late does not stall; and before the first
 * sample what the guess says. */
static uint64_t window_bytes(const struct cc *cc, const struct rtt *rtt) {
    uint64_t span = 2 * rtt->smoothed_ns + 2 * rtt_ack_delay(rtt->smoothed_ns) + SLACK_NS;
    return multiply_divide(cc->rated.rate_bps, span, UINT64_C(8000000000)) + 65536;
}

/* A batch of 40 datagrams at 1 Gbit/s. */
static uint64_t burst_ns(const struct cc *cc) {
    (void)cc;
    return 500000;
}

static uint64_t found_bps(const struct cc *cc) {
    (void)cc;
    return 0;
}

static const struct cc_ops RATED = {acked, rate_bps, window_bytes, burst_ns, found_bps};

void cc_rated_init(struct cc *cc, uint64_t rate) {
    *cc = (struct cc){.ops = &RATED, .rated = {.rate_bps = rate}};
}
