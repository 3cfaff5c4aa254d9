#include "base/wide.h"
#include "transport/wan/cc.h"

enum {
    FLAT_ROUNDS = 3,
    PROBE_ROUNDS = 8,       /* of these one probes, where trains tell nothing */
    CONTENDED_ROUNDS = 4,   /* a queue that outlasts so many is not this sender's */
    STEP_DOWN_ROUNDS = 2,   /* of much less, with a queue */
    NO_JUMP_ROUNDS = 16,    /* after one that gained nothing */
    TRAINS_LEAST = 4,       /* to jump by */
    LOSS_MOST_PPM = 200000, /* more is no chance */
    FIRST_JUMP_FACTOR = 256 /* over the first rate; later jumps are by 8 at most */
};

/* Before the first sample, and the least during startup: what an application that had little to
 * send got through says nothing of the path. */
static const uint64_t FIRST_RATE_BPS = 10000000;
static const uint64_t LEAST_RATE_BPS = 64000;
static const uint64_t FIRST_WINDOW_BYTES = 768 << 10;
static const uint64_t QUEUE_LEAST_NS = 4000000;
static const uint64_t QUEUE_MORE_NS = 3000000;
static const uint64_t QUEUE_HOLD_NS = 10000000;
static const uint64_t OVERFLOW_LEAST_BYTES = 64 << 10;
static const uint32_t LOSS_UNKNOWN = UINT32_MAX;
static const uint64_t LOSS_LEAST_BYTES = 64 << 10;
static const uint64_t PERIOD_NS = UINT64_C(15000000000);

/* Bursts: long enough for acknowledgements to fall within one, short enough for any queue. */
static const uint64_t BURST_LEAST_BYTES = 8 * 1500;
static const uint64_t BURST_MOST_BYTES = 44 * 1500;
static const uint64_t BURST_NS = 6000000;
static const uint64_t HELD_LEAST_BYTES = 48 << 10; /* a burst, and 25 packets for an ack */
static const uint64_t BURST_LEAST_NS = 500000;
/* A shorter round would hold no whole span of arrivals, so that no probe could show in one. */
static const uint64_t ROUND_LEAST_NS = 10000000;

/* Gains in 256ths. */
enum { ONE = 256, STARTUP_GAIN = 512, DRAIN_MOST = 64, PROBE_GAIN = 320, GIVE_BACK_GAIN = 192 };

/* What was sent for `rate` to be delivered, if the path loses at any load what it lost in the best
 * of the last rounds: a queue that overflows loses less when less is sent. */
static uint64_t undo_loss(const struct cc_model *model, uint64_t rate) {
    uint32_t least = LOSS_UNKNOWN;
    for (unsigned i = 0; i < CC_MODEL_ROUNDS; i++) {
        least = model->losses[i] < least ? model->losses[i] : least;
    }
    least = least < LOSS_MOST_PPM ? least : least == LOSS_UNKNOWN ? 0 : LOSS_MOST_PPM;
    return multiply_divide(rate, 1000000, 1000000 - least);
}

static uint64_t highest(const struct cc_model *model) {
    uint64_t rate = 0;
    for (unsigned i = 0; i < CC_MODEL_ROUNDS; i++) {
        rate = model->rates[i] > rate ? model->rates[i] : rate;
    }
    return undo_loss(model, rate);
}

static uint64_t min_rtt(const struct cc_model *model) {
    uint64_t lowest_ns =
        model->min_rtt_ns[0] < model->min_rtt_ns[1] ? model->min_rtt_ns[0] : model->min_rtt_ns[1];
    bool measured = lowest_ns != UINT64_MAX || model->remembered_rtt_ns == 0;
    return measured ? lowest_ns : model->remembered_rtt_ns;
}

/* The rate that the present phase is about, gains left out. */
static uint64_t base_rate(const struct cc_model *model) {
    return model->phase == CC_JUMP ? model->jump_bps : highest(model);
}

static uint64_t path_bytes(const struct cc_model *model) {
    return multiply_divide(base_rate(model), min_rtt(model), UINT64_C(8000000000));
}

/* What the narrowest hop carries, as most of the last trains say at least: jitter and loss make
 * some of them look faster or slower than the path is. 0 when there were too few. */
static uint64_t ceiling(const struct cc_model *model) {
    if (model->train_count < TRAINS_LEAST) {
        return 0;
    }
    uint64_t sorted[CC_MODEL_TRAINS];
    unsigned count = 0;
    for (; count < CC_MODEL_TRAINS && count < model->train_count; count++) {
        unsigned place = count;
        for (; place > 0 && sorted[place - 1] > model->trains[count]; place--) {
            sorted[place] = sorted[place - 1];
        }
        sorted[place] = model->trains[count];
    }
    return undo_loss(model, sorted[count * 3 / 8]);
}

static void note_rtt(struct cc_model *model, uint64_t now_ns, uint64_t rtt_ns) {
    if (now_ns - model->period_ns > PERIOD_NS) {
        model->min_rtt_ns[1] = model->min_rtt_ns[0];
        model->min_rtt_ns[0] = rtt_ns;
        model->period_ns = now_ns;
    }
    model->min_rtt_ns[0] = rtt_ns < model->min_rtt_ns[0] ? rtt_ns : model->min_rtt_ns[0];
}

/* A queue of 4 to 7 ms that has stood for an eighth of a round trip and 10 ms says that the path
 * is full, rounds before the rate does. Where packets vary by more, twice that is no queue. */
static void note_queue(struct cc_model *model, uint64_t now_ns, const struct rtt *rtt) {
    uint64_t more = min_rtt(model) / 32 < QUEUE_MORE_NS ? min_rtt(model) / 32 : QUEUE_MORE_NS;
    uint64_t twice_ns = 2 * rtt->variation_ns;
    model->jitter_ns = twice_ns < QUEUE_HOLD_NS ? twice_ns : QUEUE_HOLD_NS;
    uint64_t usual =
        QUEUE_LEAST_NS + more > model->jitter_ns ? QUEUE_LEAST_NS + more : model->jitter_ns;
    bool late = rtt->latest_ns > min_rtt(model) + usual;
    if (!late) {
        model->queue_ns = UINT64_MAX;
        model->queue_rounds = 0;
    } else if (model->queue_ns == UINT64_MAX) {
        model->queue_ns = now_ns;
    }
}

static bool has_queue(const struct cc_model *model) {
    return model->queue_ns != UINT64_MAX &&
           model->now_ns - model->queue_ns >= min_rtt(model) / 8 + QUEUE_HOLD_NS;
}

static bool is_contended(const struct cc_model *model) {
    return model->queue_rounds >= CONTENDED_ROUNDS;
}

/* A queue too short to be seen overflows: more than a fifth of a round is lost. */
static bool has_overflow(const struct cc_model *model, const struct cc_ack *ack) {
    uint64_t lost = ack->lost - model->round_lost;
    return lost > OVERFLOW_LEAST_BYTES && lost > (ack->delivered - model->round_delivered) / 4;
}

/* A new round forgets the oldest of the last ones. */
static bool note_round(struct cc_model *model, const struct cc_ack *ack) {
    if (ack->prior_delivered < model->round_ends ||
        ack->now_ns - model->round_ns < ROUND_LEAST_NS) {
        return false;
    }
    model->round_ns = ack->now_ns;
    uint64_t delivered = ack->delivered - model->round_delivered;
    uint64_t lost = ack->lost - model->round_lost;
    if (delivered >= LOSS_LEAST_BYTES && !ack->app_limited) {
        model->losses[model->round % CC_MODEL_ROUNDS] =
            (uint32_t)multiply_divide(lost, 1000000, delivered + lost);
    }
    model->round_ends = ack->delivered;
    model->round_delivered = ack->delivered;
    model->round_lost = ack->lost;
    /* While the application sends little, nothing is learnt and nothing forgotten. */
    if (!ack->app_limited) {
        model->round++;
        model->rates[model->round % CC_MODEL_ROUNDS] = 0;
        model->losses[model->round % CC_MODEL_ROUNDS] = LOSS_UNKNOWN;
        model->queue_rounds += has_queue(model);
    }
    return true;
}

static void note_rates(struct cc_model *model, const struct arrival_rates *arrival) {
    uint64_t *rate = &model->rates[model->round % CC_MODEL_ROUNDS];
    if (arrival->rate_bps > *rate &&
        (!arrival->app_limited || arrival->rate_bps > highest(model))) {
        *rate = arrival->rate_bps;
    }
    if (arrival->train_bps > 0) {
        model->trains[model->train_count++ % CC_MODEL_TRAINS] = arrival->train_bps;
    }
}

static void jump(struct cc_model *model, uint64_t most_bps) {
    uint64_t rate = ceiling(model) / 16 * 15; /* what it is wrong by would be a queue at once */
    model->jump_bps = rate < most_bps ? rate : most_bps;
    model->jump_from_bps = highest(model);
    model->jump_ns = model->now_ns;
    model->phase = CC_JUMP;
}

/* At the end of a round. */
static bool is_flat(struct cc_model *model, const struct cc_ack *ack) {
    if (ack->app_limited || highest(model) == 0) {
        return false;
    }
    uint64_t rate = highest(model);
    if (rate >= model->full_bps + model->full_bps / 4) {
        model->full_bps = rate;
        model->flat_rounds = 0;
        return false;
    }
    return ++model->flat_rounds >= FLAT_ROUNDS;
}

static void start(struct cc_model *model, const struct cc_ack *ack, bool new_round,
                  bool overflows) {
    bool full = !ack->app_limited && (has_queue(model) || overflows);
    full |= new_round && is_flat(model, ack);
    if (ceiling(model) > FIRST_RATE_BPS / 16) {
        jump(model, FIRST_JUMP_FACTOR * FIRST_RATE_BPS);
    } else if (full) {
        model->phase = CC_CRUISE;
    }
}

/* The first span that began after the jump says what came of it. */
static void land(struct cc_model *model, const struct cc_ack *ack) {
    const struct arrival_rates *arrival = &ack->arrival;
    uint64_t rate = ceiling(model) / 16 * 15;
    model->jump_bps = rate > 0 && rate < model->jump_bps ? rate : model->jump_bps;
    if (arrival->rate_bps == 0 || arrival->app_limited || arrival->since_ns < model->jump_ns) {
        return;
    }
    uint64_t before = model->jump_from_bps;
    if (model->jump_bps > before + before / 4 && arrival->rate_bps <= before + before / 16) {
        model->no_jump_round = model->round + NO_JUMP_ROUNDS;
    }
    model->phase = CC_CRUISE;
}

/* The path became slower: what it was like before is over. */
static bool has_stepped_down(const struct cc_model *model, bool overflows) {
    uint64_t recent = 0;
    for (uint64_t back = 0; back <= STEP_DOWN_ROUNDS && back <= model->round; back++) {
        uint64_t rate = model->rates[(model->round - back) % CC_MODEL_ROUNDS];
        recent = rate > recent ? rate : recent;
    }
    return recent > 0 && (has_queue(model) || overflows) && recent < highest(model) / 4 * 3;
}

static void step_down(struct cc_model *model) {
    for (uint64_t back = STEP_DOWN_ROUNDS + 1; back < CC_MODEL_ROUNDS; back++) {
        model->rates[(model->round + CC_MODEL_ROUNDS - back) % CC_MODEL_ROUNDS] = 0;
    }
}

static void cruise(struct cc_model *model, bool new_round, bool overflows) {
    if (new_round && has_stepped_down(model, overflows)) {
        step_down(model);
    }
    uint64_t rate = highest(model);
    if (ceiling(model) > rate + rate / 4 && model->queue_ns == UINT64_MAX &&
        model->round >= model->no_jump_round) {
        jump(model, 8 * rate);
    }
}

static void acked(struct cc *cc, const struct cc_ack *ack, const struct rtt *rtt) {
    struct cc_model *model = &cc->model;
    model->now_ns = ack->now_ns;
    model->rtt_ns = rtt->latest_ns;
    note_rtt(model, ack->now_ns, rtt->latest_ns);
    note_queue(model, ack->now_ns, rtt);
    bool overflows = has_overflow(model, ack); /* of the round that this ack may end */
    bool new_round = note_round(model, ack);
    note_rates(model, &ack->arrival);
    switch (model->phase) {
    case CC_STARTUP:
        start(model, ack, new_round, overflows);
        break;
    case CC_JUMP:
        land(model, ack);
        break;
    case CC_CRUISE:
        cruise(model, new_round, overflows);
        break;
    }
}

/* One round of eight a quarter above, the next as much below; a long path's queue would take that
 * for many milliseconds, so there it is less. */
static unsigned probe_gain(const struct cc_model *model) {
    uint64_t above = multiply_divide(QUEUE_LEAST_NS, ONE, min_rtt(model) + 1);
    unsigned most = is_contended(model) ? PROBE_GAIN - ONE : (unsigned)(above < 64 ? above : 64);
    switch (model->round % PROBE_ROUNDS) {
    case 0:
        return ONE + most;
    case 1:
        return is_contended(model) ? GIVE_BACK_GAIN : ONE;
    default:
        return ONE;
    }
}

/* As much less as empties the queue within two round trips: within one, what is sent before that
 * shows leaves the path idle. What jitter makes of the lowest round trip is no queue. */
static unsigned drain_gain(const struct cc_model *model) {
    uint64_t late_ns = model->rtt_ns - min_rtt(model);
    uint64_t queue_ns = late_ns > model->jitter_ns ? late_ns - model->jitter_ns : 0;
    uint64_t less = multiply_divide(queue_ns, ONE / 2, min_rtt(model) + 1);
    return ONE - (unsigned)(less < DRAIN_MOST ? less : DRAIN_MOST);
}

static unsigned gain(const struct cc_model *model) {
    uint64_t rate = base_rate(model);
    if (model->phase == CC_STARTUP) {
        return STARTUP_GAIN;
    }
    if (has_queue(model) && !is_contended(model)) {
        return drain_gain(model);
    }
    uint64_t most = ceiling(model);
    if (model->phase == CC_CRUISE && most > rate && !is_contended(model)) {
        uint64_t wanted = multiply_divide(most, ONE, rate);
        return wanted < PROBE_GAIN ? (unsigned)wanted : PROBE_GAIN;
    }
    return model->phase == CC_CRUISE ? probe_gain(model) : ONE;
}

static uint64_t rate_bps(const struct cc *cc) {
    const struct cc_model *model = &cc->model;
    uint64_t rate = base_rate(model);
    if (rate == 0) {
        return FIRST_RATE_BPS;
    }
    uint64_t paced = multiply_divide(rate, gain(model), ONE);
    uint64_t least = model->phase == CC_STARTUP ? FIRST_RATE_BPS : LEAST_RATE_BPS;
    return paced > least ? paced : least;
}

static uint64_t burst_ns(const struct cc *cc) {
    uint64_t rate = rate_bps(cc);
    uint64_t least = multiply_divide(BURST_LEAST_BYTES, UINT64_C(8000000000), rate);
    uint64_t most = multiply_divide(BURST_MOST_BYTES, UINT64_C(8000000000), rate);
    uint64_t usual = min_rtt(&cc->model) / 4 < BURST_NS ? min_rtt(&cc->model) / 4 : BURST_NS;
    uint64_t burst = cc->model.phase == CC_STARTUP || most < usual ? most : usual;
    burst = burst > least ? burst : least;
    return burst > BURST_LEAST_NS ? burst : BURST_LEAST_NS;
}

/* What the path holds, or twice that where others fill its queue; what arrives while an
 * acknowledgement is held back or is late as some are; and a burst. */
static uint64_t window_bytes(const struct cc *cc, const struct rtt *rtt) {
    const struct cc_model *model = &cc->model;
    if (base_rate(model) == 0) {
        return FIRST_WINDOW_BYTES;
    }
    uint64_t path = path_bytes(model);
    uint64_t varied = 2 * rtt->variation_ns;
    varied = varied < min_rtt(model) / 4 ? varied : min_rtt(model) / 4;
    uint64_t held = rtt_ack_soon(rtt->smoothed_ns) + burst_ns(cc) + varied;
    bool wide = is_contended(model) || model->phase == CC_STARTUP;
    uint64_t more = multiply_divide(base_rate(model), held, UINT64_C(8000000000));
    uint64_t window =
        (wide ? 2 * path : path) + (more > HELD_LEAST_BYTES ? more : HELD_LEAST_BYTES);
    bool least = model->phase == CC_STARTUP && window < FIRST_WINDOW_BYTES;
    return least ? FIRST_WINDOW_BYTES : window;
}

static uint64_t found_bps(const struct cc *cc) {
    return cc->model.phase == CC_CRUISE ? highest(&cc->model) : 0;
}

static const struct cc_ops MODEL = {acked, rate_bps, window_bytes, burst_ns, found_bps};

void cc_model_init(struct cc *cc, const struct link_path *remembered) {
    *cc = (struct cc){.ops = &MODEL,
                      .model = {.min_rtt_ns = {UINT64_MAX, UINT64_MAX},
                                .queue_ns = UINT64_MAX,
                                .phase = CC_STARTUP}};
    for (unsigned i = 0; i < CC_MODEL_ROUNDS; i++) {
        cc->model.losses[i] = LOSS_UNKNOWN;
    }
    if (remembered->rate_bps >= LEAST_RATE_BPS && remembered->rtt_ns > 0) {
        cc->model.phase = CC_JUMP;
        cc->model.jump_bps = remembered->rate_bps / 16 * 15;
        cc->model.remembered_rtt_ns = remembered->rtt_ns;
    }
}
