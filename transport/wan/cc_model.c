#include "base/wide.h"
#include "transport/wan/cc.h"

enum { FLAT_ROUNDS = 3, CYCLE_STEPS = 8 };

/* Before the first sample, and the least during startup: what an application that had little to
 * send got through says nothing of the path. */
static const uint64_t FIRST_RATE_BPS = 10000000;
static const uint64_t LEAST_RATE_BPS = 64000;
static const uint64_t FIRST_WINDOW_BYTES = 768 << 10;
static const uint64_t QUEUE_LEAST_NS = 10000000;
static const uint64_t OVERFLOW_LEAST_BYTES = 64 << 10;
static const uint64_t PERIOD_NS = UINT64_C(15000000000);

/* Gains in 256ths: 2/ln 2 fills the path in log2 of its size round trips and its inverse drains the
 * queue of that; the cycle probes a quarter above, then gives the quarter back. */
static const unsigned STARTUP_GAIN = 739;
static const unsigned DRAIN_GAIN = 89;
static const unsigned CYCLE_GAIN[CYCLE_STEPS] = {320, 192, 256, 256, 256, 256, 256, 256};

static uint64_t highest(const struct cc_model *model) {
    uint64_t rate = 0;
    for (unsigned i = 0; i < CC_MODEL_ROUNDS; i++) {
        rate = model->rates[i] > rate ? model->rates[i] : rate;
    }
    return rate;
}

static uint64_t min_rtt(const struct cc_model *model) {
    return model->min_rtt_ns[0] < model->min_rtt_ns[1] ? model->min_rtt_ns[0]
                                                       : model->min_rtt_ns[1];
}

static uint64_t path_bytes(const struct cc_model *model) {
    return multiply_divide(highest(model), min_rtt(model), UINT64_C(8000000000));
}

static void note_rtt(struct cc_model *model, uint64_t now_ns, uint64_t rtt_ns) {
    if (now_ns - model->period_ns > PERIOD_NS) {
        model->min_rtt_ns[1] = model->min_rtt_ns[0];
        model->min_rtt_ns[0] = rtt_ns;
        model->period_ns = now_ns;
    }
    model->min_rtt_ns[0] = rtt_ns < model->min_rtt_ns[0] ? rtt_ns : model->min_rtt_ns[0];
}

/* A new round forgets the oldest of the last ones. */
static bool note_round(struct cc_model *model, const struct cc_ack *ack) {
    if (ack->prior_delivered < model->round_ends) {
        return false;
    }
    model->round_ends = ack->delivered;
    model->round_delivered = ack->delivered;
    model->round_lost = ack->lost;
    /* While the application sends little, nothing is learnt and nothing forgotten. */
    if (!ack->app_limited) {
        model->round++;
        model->rates[model->round % CC_MODEL_ROUNDS] = 0;
    }
    return true;
}

/* A queue of a sixteenth of a round trip and 10 ms that has stood for an eighth of one says that
 * the path is full, rounds before the rate does. A few late packets are jitter. */
static void note_queue(struct cc_model *model, uint64_t now_ns, uint64_t rtt_ns) {
    bool late = rtt_ns > min_rtt(model) + min_rtt(model) / 16 + QUEUE_LEAST_NS;
    if (!late) {
        model->queue_ns = UINT64_MAX;
    } else if (model->queue_ns == UINT64_MAX) {
        model->queue_ns = now_ns;
    }
}

static bool has_queue(const struct cc_model *model, uint64_t now_ns) {
    return model->queue_ns != UINT64_MAX &&
           now_ns - model->queue_ns >= min_rtt(model) / 8 + QUEUE_LEAST_NS / 2;
}

/* A queue too short to be seen overflows: more than a fifth of a round is lost. Startup sends at
 * nearly three times the rate found so far, so that the round trips until the rate has been flat
 * for long would cost as many times what the path holds. */
static bool has_overflow(const struct cc_model *model, const struct cc_ack *ack) {
    uint64_t lost = ack->lost - model->round_lost;
    return lost > OVERFLOW_LEAST_BYTES && lost > (ack->delivered - model->round_delivered) / 4;
}

/* At the end of a round. */
static void judge_startup(struct cc_model *model, const struct cc_ack *ack) {
    if (ack->app_limited || ack->rate_bps == 0) {
        return;
    }
    uint64_t rate = highest(model);
    if (rate >= model->full_bps + model->full_bps / 4) {
        model->full_bps = rate;
        model->flat_rounds = 0;
    } else if (++model->flat_rounds >= FLAT_ROUNDS) {
        model->phase = CC_DRAIN;
    }
}

static void turn_cycle(struct cc_model *model, const struct cc_ack *ack) {
    bool over = ack->now_ns - model->cycle_ns > min_rtt(model);
    bool drained = model->cycle == 1 && ack->in_flight <= path_bytes(model);
    if (over || drained) {
        model->cycle = (model->cycle + 1) % CYCLE_STEPS;
        model->cycle_ns = ack->now_ns;
    }
}

static void acked(struct cc *cc, const struct cc_ack *ack, const struct rtt *rtt) {
    struct cc_model *model = &cc->model;
    note_rtt(model, ack->now_ns, rtt->latest_ns);
    note_queue(model, ack->now_ns, rtt->latest_ns);
    bool overflows = has_overflow(model, ack); /* of the round that this ack may end */
    bool new_round = note_round(model, ack);
    uint64_t *rate = &model->rates[model->round % CC_MODEL_ROUNDS];
    if (ack->rate_bps > *rate && (!ack->app_limited || ack->rate_bps > highest(model))) {
        *rate = ack->rate_bps;
    }
    switch (model->phase) {
    case CC_STARTUP:
        if (new_round) {
            judge_startup(model, ack);
        }
        if (!ack->app_limited && (has_queue(model, ack->now_ns) || overflows)) {
            model->phase = CC_DRAIN;
        }
        break;
    case CC_DRAIN:
        if (ack->in_flight <= path_bytes(model)) {
            model->phase = CC_CRUISE;
            model->cycle = 2;
            model->cycle_ns = ack->now_ns;
        }
        break;
    case CC_CRUISE:
        turn_cycle(model, ack);
        break;
    }
}

static uint64_t rate_bps(const struct cc *cc) {
    const struct cc_model *model = &cc->model;
    uint64_t rate = highest(model);
    if (rate == 0) {
        return FIRST_RATE_BPS;
    }
    unsigned gain = model->phase == CC_STARTUP ? STARTUP_GAIN
                    : model->phase == CC_DRAIN ? DRAIN_GAIN
                                               : CYCLE_GAIN[model->cycle];
    uint64_t paced = multiply_divide(rate, gain, 256);
    uint64_t least = model->phase == CC_STARTUP ? FIRST_RATE_BPS : LEAST_RATE_BPS;
    return paced > least ? paced : least;
}

static uint64_t window_bytes(const struct cc *cc, const struct rtt *rtt) {
    const struct cc_model *model = &cc->model;
    if (highest(model) == 0) {
        return FIRST_WINDOW_BYTES;
    }
    /* Two of what the path holds, and what arrives while an acknowledgement is held back. */
    uint64_t held = rtt_ack_delay(rtt->smoothed_ns);
    unsigned gain = model->phase == CC_STARTUP ? 3 : 2;
    uint64_t window = gain * path_bytes(model) +
                      multiply_divide(highest(model), 2 * held, UINT64_C(8000000000)) + 65536;
    bool least = model->phase == CC_STARTUP && window < FIRST_WINDOW_BYTES;
    return least ? FIRST_WINDOW_BYTES : window;
}

static const struct cc_ops MODEL = {acked, rate_bps, window_bytes};

void cc_model_init(struct cc *cc) {
    *cc = (struct cc){.ops = &MODEL,
                      .model = {.min_rtt_ns = {UINT64_MAX, UINT64_MAX},
                                .queue_ns = UINT64_MAX,
                                .phase = CC_STARTUP}};
}
