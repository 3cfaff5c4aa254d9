#include "base/wide.h"
#include "transport/wan/cc.h"

/* Numbers of draft-irtf-iccrg-ledbat-plus-plus-01. */
enum { FIRST_PACKETS = 2, LEAST_PACKETS = 2, BURST_PACKETS = 4, SLOWEST_GAIN = 16, REST = 9 };

static const uint64_t TARGET_MOST_NS = 60000000;
static const uint64_t TARGET_LEAST_NS = 10000000;
static const uint64_t PERIOD_NS = UINT64_C(300000000000);
static const uint64_t FIRST_RATE_BPS = 1000000;
static const uint64_t BURST_LEAST_NS = 500000;

static uint64_t lesser(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

static uint64_t greater(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

static uint64_t base_rtt(const struct cc_scavenger *scavenger) {
    return lesser(scavenger->base_ns[0], scavenger->base_ns[1]);
}

static void note_rtt(struct cc_scavenger *scavenger, uint64_t rtt_ns) {
    if (scavenger->now_ns - scavenger->period_ns > PERIOD_NS) {
        scavenger->base_ns[1] = scavenger->base_ns[0];
        scavenger->base_ns[0] = rtt_ns;
        scavenger->period_ns = scavenger->now_ns;
    }
    scavenger->base_ns[0] = lesser(scavenger->base_ns[0], rtt_ns);
    scavenger->recent_ns[scavenger->samples++ % 4] = rtt_ns;
}

/* What the lowest of the last round trips has above the base. */
static uint64_t queue_delay(const struct cc_scavenger *scavenger) {
    uint64_t lowest_ns = UINT64_MAX;
    for (unsigned i = 0; i < 4 && i < scavenger->samples; i++) {
        lowest_ns = lesser(lowest_ns, scavenger->recent_ns[i]);
    }
    return lowest_ns - base_rtt(scavenger);
}

/* Where the path's queue overflows below the target, others would never be seen: half of it is
 * the target then. */
static void note_overflow(struct cc_scavenger *scavenger) {
    uint64_t half_ns = greater(queue_delay(scavenger) / 2, TARGET_LEAST_NS);
    scavenger->target_ns = lesser(half_ns, TARGET_MOST_NS);
}

/* So many times slower than Reno it grows: on short paths it would have a queue's worth of
 * advantage over long ones else. */
static uint64_t slowness(const struct cc_scavenger *scavenger) {
    uint64_t base_ns = greater(base_rtt(scavenger), 1);
    return lesser((2 * TARGET_MOST_NS + base_ns - 1) / base_ns, SLOWEST_GAIN);
}

static void shrink(struct cc_scavenger *scavenger, uint64_t bytes) {
    uint64_t least = LEAST_PACKETS * CC_PACKET_BYTES;
    scavenger->window = scavenger->window > least + bytes ? scavenger->window - bytes : least;
}

static bool is_slow_start(const struct cc_scavenger *scavenger) {
    return scavenger->window < scavenger->threshold;
}

/* Slow start is over: the next slowdown comes soon the first time, then so that slowdowns take a
 * tenth of all time. In one the path can drain, and shows its base. */
static void plan_slowdown(struct cc_scavenger *scavenger) {
    uint64_t took_ns = scavenger->now_ns - scavenger->slow_ns;
    scavenger->slow_ns =
        scavenger->now_ns + (scavenger->has_slowed ? REST * took_ns : 2 * scavenger->smoothed_ns);
    scavenger->has_slowed = true;
    scavenger->planned = true;
}

static void slow_down(struct cc_scavenger *scavenger) {
    scavenger->threshold = scavenger->window;
    scavenger->window = LEAST_PACKETS * CC_PACKET_BYTES;
    scavenger->slow_ns = scavenger->now_ns;
    scavenger->slowed = true;
    scavenger->planned = false;
}

static void grow(struct cc_scavenger *scavenger, uint64_t acked) {
    uint64_t queue_ns = queue_delay(scavenger);
    if (is_slow_start(scavenger)) {
        scavenger->window += acked / slowness(scavenger);
        if (queue_ns > scavenger->target_ns / 4 * 3 || !is_slow_start(scavenger)) {
            scavenger->threshold = lesser(scavenger->threshold, scavenger->window);
            plan_slowdown(scavenger);
        }
        return;
    }
    scavenger->window +=
        multiply_divide(acked, CC_PACKET_BYTES, scavenger->window) / slowness(scavenger);
    if (queue_ns > scavenger->target_ns) {
        /* By what the queue is too long, at most by half, each round trip. */
        uint64_t above_ns = lesser(queue_ns - scavenger->target_ns, scavenger->target_ns / 2);
        shrink(scavenger, multiply_divide(acked, above_ns, scavenger->target_ns));
        scavenger->threshold = scavenger->window; /* what was yielded is not taken back at once */
    }
}

static void acked(struct cc *cc, const struct cc_ack *ack, const struct rtt *rtt) {
    struct cc_scavenger *scavenger = &cc->scavenger;
    uint64_t bytes;
    scavenger->now_ns = ack->now_ns;
    scavenger->smoothed_ns = rtt->smoothed_ns;
    note_rtt(scavenger, rtt->latest_ns);
    bool lost = cc_flight_acked(&scavenger->flight, ack, &bytes);
    if (scavenger->slowed) {
        scavenger->slowed = ack->now_ns - scavenger->slow_ns < 2 * scavenger->smoothed_ns;
        return;
    }
    if (lost) {
        bool began = is_slow_start(scavenger);
        note_overflow(scavenger);
        shrink(scavenger, scavenger->window / 2);
        scavenger->threshold = scavenger->window;
        if (began) {
            plan_slowdown(scavenger);
        }
    } else if (!ack->app_limited) {
        grow(scavenger, bytes);
    }
    if (scavenger->planned && ack->now_ns >= scavenger->slow_ns) {
        slow_down(scavenger);
    }
}

static uint64_t rate_bps(const struct cc *cc) {
    const struct cc_scavenger *scavenger = &cc->scavenger;
    if (scavenger->smoothed_ns == 0) {
        return FIRST_RATE_BPS;
    }
    uint64_t rate =
        multiply_divide(scavenger->window, UINT64_C(8000000000), scavenger->smoothed_ns);
    return is_slow_start(scavenger) ? 2 * rate : rate + rate / 4;
}

static uint64_t window_bytes(const struct cc *cc, const struct rtt *rtt) {
    (void)rtt;
    return cc->scavenger.window;
}

static uint64_t burst_ns(const struct cc *cc) {
    uint64_t burst =
        multiply_divide(BURST_PACKETS * CC_PACKET_BYTES, UINT64_C(8000000000), rate_bps(cc));
    return greater(lesser(burst, cc->scavenger.smoothed_ns / 4), BURST_LEAST_NS);
}

static uint64_t found_bps(const struct cc *cc) {
    (void)cc;
    return 0; /* what others left, not the path */
}

static const struct cc_ops SCAVENGER = {acked, rate_bps, window_bytes, burst_ns, found_bps};

void cc_scavenger_init(struct cc *cc) {
    *cc = (struct cc){.ops = &SCAVENGER,
                      .scavenger = {.window = FIRST_PACKETS * CC_PACKET_BYTES,
                                    .threshold = UINT64_MAX,
                                    .target_ns = TARGET_MOST_NS,
                                    .base_ns = {UINT64_MAX, UINT64_MAX}}};
}
