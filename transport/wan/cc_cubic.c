#include "base/wide.h"
#include "transport/wan/cc.h"

/* Numbers of RFC 9438 section 4 and 5: C = 0.4, beta = 0.7, alpha = 3 (1 - beta) / (1 + beta). */
enum { FIRST_PACKETS = 10, LEAST_PACKETS = 2, BURST_PACKETS = 10 };
enum { BETA_TENTHS = 7, ALPHA_OVER_17 = 9 };

static const uint64_t MS = 1000000;
static const uint64_t FIRST_RATE_BPS = 10000000;
static const uint64_t BURST_LEAST_NS = 500000;
/* HyStart++: a round trip longer than the last round's by an eighth, within these, is a queue. */
static const uint64_t LATER_LEAST_NS = 4000000;
static const uint64_t LATER_MOST_NS = 16000000;
/* Beyond so long the curve is steeper than any limit on its steps. */
static const uint64_t SPAN_MOST_MS = 100000;

static uint64_t lesser(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

static uint64_t greater(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

/* The largest r with r^3 <= n, for n below 2^63. */
static uint64_t cube_root(uint64_t n) {
    uint64_t root = 0;
    for (int bit = 20; bit >= 0; bit--) {
        uint64_t wider = root | (uint64_t)1 << bit;
        root = wider * wider * wider <= n ? wider : root;
    }
    return root;
}

static bool is_slow_start(const struct cc_cubic *cubic) {
    return cubic->window < cubic->threshold;
}

/* A loss: the plateau is where it came, or lower, to make room for who is new. */
static void reduce(struct cc_cubic *cubic) {
    bool shrinks = cubic->window < cubic->most;
    cubic->most = shrinks ? cubic->window / 20 * (10 + BETA_TENTHS) : cubic->window;
    cubic->window = greater(cubic->window / 10 * BETA_TENTHS, LEAST_PACKETS * CC_PACKET_BYTES);
    cubic->threshold = cubic->window;
    cubic->epoch_ns = 0;
}

static void begin_epoch(struct cc_cubic *cubic) {
    cubic->epoch_ns = cubic->now_ns;
    cubic->reno = cubic->window;
    cubic->most = greater(cubic->most, cubic->window);
    /* K = cbrt((most - window) / C), in milliseconds. */
    uint64_t packets = (cubic->most - cubic->window) / CC_PACKET_BYTES;
    cubic->origin_ms = cube_root(packets * 2500000000);
}

/* C (t - K)^3 + most, a round trip from now. */
static uint64_t curve(const struct cc_cubic *cubic) {
    uint64_t t_ms = (cubic->now_ns - cubic->epoch_ns + cubic->smoothed_ns) / MS;
    bool convex = t_ms > cubic->origin_ms;
    uint64_t span_ms = convex ? t_ms - cubic->origin_ms : cubic->origin_ms - t_ms;
    span_ms = lesser(span_ms, SPAN_MOST_MS);
    uint64_t cubed = multiply_divide(span_ms * span_ms * span_ms, CC_PACKET_BYTES * 4 / 10,
                                     UINT64_C(1000000000));
    return convex ? cubic->most + cubed : cubed < cubic->most ? cubic->most - cubed : 0;
}

static void avoid(struct cc_cubic *cubic, uint64_t acked) {
    if (cubic->epoch_ns == 0) {
        begin_epoch(cubic);
    }
    uint64_t a_round = multiply_divide(acked, CC_PACKET_BYTES, cubic->window);
    cubic->reno += cubic->reno < cubic->most ? a_round * ALPHA_OVER_17 / 17 : a_round;
    uint64_t target = lesser(curve(cubic), cubic->window + cubic->window / 2);
    if (target > cubic->window) {
        cubic->window +=
            multiply_divide(target - cubic->window, lesser(acked, cubic->window), cubic->window);
    }
    cubic->window = greater(cubic->window, cubic->reno);
}

/* True when a queue shows: at the end of a round that was slower than the one before. */
static bool note_round(struct cc_cubic *cubic, const struct cc_ack *ack, uint64_t rtt_ns) {
    bool later = false;
    if (ack->prior_delivered >= cubic->round_ends) {
        uint64_t more_ns = greater(LATER_LEAST_NS, cubic->earlier_rtt_ns / 8);
        later = cubic->earlier_rtt_ns != UINT64_MAX && cubic->round_rtt_ns != UINT64_MAX &&
                cubic->round_rtt_ns > cubic->earlier_rtt_ns + lesser(more_ns, LATER_MOST_NS);
        cubic->earlier_rtt_ns = cubic->round_rtt_ns;
        cubic->round_rtt_ns = UINT64_MAX;
        cubic->round_ends = ack->delivered;
    }
    cubic->round_rtt_ns = lesser(cubic->round_rtt_ns, rtt_ns);
    return later;
}

static void acked(struct cc *cc, const struct cc_ack *ack, const struct rtt *rtt) {
    struct cc_cubic *cubic = &cc->cubic;
    uint64_t bytes;
    uint64_t passed_ns = ack->now_ns - cubic->now_ns;
    cubic->now_ns = ack->now_ns;
    cubic->smoothed_ns = rtt->smoothed_ns;
    bool lost = cc_flight_acked(&cubic->flight, ack, &bytes);
    bool later = note_round(cubic, ack, rtt->latest_ns);
    if (lost) {
        reduce(cubic);
    } else if (ack->app_limited) {
        cubic->epoch_ns += cubic->epoch_ns > 0 ? passed_ns : 0; /* a time without growth */
    } else if (ack->delivered < cubic->flight.ends) {
        return; /* still of the flight that lost something */
    } else if (is_slow_start(cubic)) {
        cubic->window += bytes;
        cubic->threshold = later ? cubic->window : cubic->threshold;
    } else {
        avoid(cubic, bytes);
    }
}

/* A quarter faster than a window a round trip, so that pacing never keeps the window from being
 * used; twice as fast while it doubles. */
static uint64_t rate_bps(const struct cc *cc) {
    const struct cc_cubic *cubic = &cc->cubic;
    if (cubic->smoothed_ns == 0) {
        return FIRST_RATE_BPS;
    }
    uint64_t rate = multiply_divide(cubic->window, UINT64_C(8000000000), cubic->smoothed_ns);
    return is_slow_start(cubic) ? 2 * rate : rate + rate / 4;
}

static uint64_t window_bytes(const struct cc *cc, const struct rtt *rtt) {
    (void)rtt;
    return cc->cubic.window;
}

static uint64_t burst_ns(const struct cc *cc) {
    uint64_t burst =
        multiply_divide(BURST_PACKETS * CC_PACKET_BYTES, UINT64_C(8000000000), rate_bps(cc));
    return greater(lesser(burst, cc->cubic.smoothed_ns / 4), BURST_LEAST_NS);
}

static uint64_t found_bps(const struct cc *cc) {
    (void)cc;
    return 0; /* its share of the path, not the path */
}

static const struct cc_ops CUBIC = {acked, rate_bps, window_bytes, burst_ns, found_bps};

void cc_cubic_init(struct cc *cc) {
    *cc = (struct cc){.ops = &CUBIC,
                      .cubic = {.window = FIRST_PACKETS * CC_PACKET_BYTES,
                                .threshold = UINT64_MAX,
                                .round_rtt_ns = UINT64_MAX,
                                .earlier_rtt_ns = UINT64_MAX}};
}
