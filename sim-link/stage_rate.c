#include "sim-link/stage_rate.h"

#include "base/wide.h"
#include "sim-link/fixed.h"

#include <assert.h>

enum { NS_PER_S = 1000000000 };

struct stage_rate {
    struct stage stage;
    struct stage_rate_options options;
    struct queue queue;
    bool busy;         /* the queue's first is in transmission */
    uint64_t rate_bps; /* at present */
    uint64_t rate_until_ns;
    bool parked;       /* by the series, until rate_until_ns */
    uint64_t end_ns;   /* whole nanoseconds of the last departure that was set */
    uint64_t end_part; /* and its fraction, in units of 1 / rate_bps ns */
    /* How long the last size takes at the present rate: a division less for each packet. */
    uint32_t size_bytes;
    uint64_t size_ns;
    uint64_t size_part;
};

/* At most 64-fold either way, whatever is drawn. */
static int32_t clamp_power(int64_t power_q16) {
    const int64_t limit = 6 * Q16_ONE;
    return (int32_t)(power_q16 > limit ? limit : power_q16 < -limit ? -limit : power_q16);
}

static uint64_t draw_rate(struct stage_rate *rate, uint64_t now_ns) {
    const struct stage_rate_options *options = &rate->options;
    int64_t z_q16 = slots_at(&rate->options.slots, now_ns);
    if (options->quantiles != NULL) {
        uint64_t permille =
            quantile_at(options->quantiles, options->quantile_count, (int32_t)z_q16);
        return multiply_divide(options->rate_bps, permille, 1000);
    }
    int32_t power_q16 = clamp_power(z_q16 * options->spread_q16 / Q16_ONE);
    return fixed_scale(options->rate_bps, power_q16);
}

/* What is left of the fraction of a nanosecond is kept. */
static void change_rate(struct stage_rate *rate, uint64_t rate_bps) {
    rate_bps = rate_bps == 0 ? 1 : rate_bps;
    rate->end_part = multiply_divide(rate->end_part, rate_bps, rate->rate_bps);
    rate->rate_bps = rate_bps;
    rate->size_bytes = 0;
}

static void follow_rate(struct stage_rate *rate, uint64_t now_ns) {
    const struct stage_rate_options *options = &rate->options;
    if (now_ns < rate->rate_until_ns) {
        return;
    }
    rate->rate_until_ns = TIME_NEVER;
    if (options->series.steps != NULL) {
        uint64_t rate_bps = series_at(&options->series, now_ns, &rate->rate_until_ns);
        rate->parked = rate_bps == 0;
        change_rate(rate, rate_bps == 0 ? rate->rate_bps : rate_bps);
    } else if (options->spread_q16 != 0 || options->quantiles != NULL) {
        change_rate(rate, draw_rate(rate, now_ns));
        rate->rate_until_ns = slots_end(&options->slots.options, now_ns);
    }
}

/* When a transmission that could begin at `from_ns` may: the end of what parks it then. */
static uint64_t unparked_ns(struct stage_rate *rate, uint64_t from_ns) {
    const struct stage_rate_options *options = &rate->options;
    uint64_t at_ns = from_ns;
    follow_rate(rate, at_ns);
    while (rate->parked) {
        at_ns = rate->rate_until_ns;
        follow_rate(rate, at_ns);
    }
    if (options->park_period_ns > 0 && at_ns >= options->park_phase_ns) {
        uint64_t within_ns = (at_ns - options->park_phase_ns) % options->park_period_ns;
        at_ns += within_ns < options->park_ns ? options->park_ns - within_ns : 0;
    }
    return at_ns;
}

static void measure(struct stage_rate *rate, uint32_t wire_bytes) {
    if (wire_bytes != rate->size_bytes) {
        /* A packet has less than 2^17 bytes: 64 bits hold it. */
        uint64_t work = (uint64_t)wire_bytes * 8 * NS_PER_S;
        rate->size_bytes = wire_bytes;
        rate->size_ns = work / rate->rate_bps;
        rate->size_part = work % rate->rate_bps;
    }
}

/* The head of the queue begins at now_ns, or at the exact end of the one before. */
static void transmit(struct stage_rate *rate, uint64_t now_ns) {
    rate->stage.next_ns = TIME_NEVER;
    struct packet *packet = queue_head(&rate->queue, &rate->stage, now_ns);
    rate->busy = packet != NULL;
    if (packet == NULL) {
        return;
    }
    /* A long queue is larger than the caches: the next one is on its way until it is needed. */
    __builtin_prefetch(packet->next);
    uint64_t begin_ns = unparked_ns(rate, now_ns);
    /* Idle when that end, rounded up, lies in the past. */
    if (rate->end_ns + (rate->end_part > 0) < begin_ns) {
        rate->end_ns = begin_ns;
        rate->end_part = 0;
    }
    measure(rate, packet->wire_bytes);
    rate->end_ns += rate->size_ns;
    rate->end_part += rate->size_part;
    if (rate->end_part >= rate->rate_bps) {
        rate->end_part -= rate->rate_bps;
        rate->end_ns++;
    }
    packet->due_ns = rate->end_ns + (rate->end_part > 0);
    rate->stage.next_ns = packet->due_ns;
}

static void rate_push(struct stage *stage, uint64_t now_ns, struct packet *packet) {
    struct stage_rate *rate = (struct stage_rate *)stage;
    if (queue_push(&rate->queue, stage, packet, now_ns, rate->rate_bps) && !rate->busy) {
        transmit(rate, now_ns);
    }
}

static void rate_run(struct stage *stage, uint64_t now_ns) {
    struct stage_rate *rate = (struct stage_rate *)stage;
    while (rate->busy && rate->queue.list.first->due_ns <= now_ns) {
        struct packet *packet = queue_pop(&rate->queue, stage, now_ns);
        transmit(rate, now_ns);
        stage_pass(stage, now_ns, packet);
    }
}

static void rate_free(struct stage *stage) {
    memory_free(stage->allocator, stage);
}

static const struct stage_ops OPS = {
    .name = "rate", .push = rate_push, .run = rate_run, .free = rate_free};

struct stage *stage_rate_new(const struct stage_rate_options *options,
                             const struct allocator *allocator) {
    assert(options->rate_bps > 0 && options->rate_bps <= 1000000000000000u);
    struct stage_rate *rate = memory_new(allocator, 1, sizeof *rate);
    if (rate == NULL) {
        return NULL;
    }
    rate->stage = (struct stage){.ops = &OPS, .allocator = allocator, .next_ns = TIME_NEVER};
    rate->options = *options;
    rate->rate_bps = options->rate_bps;
    queue_init(&rate->queue, &options->queue);
    return &rate->stage;
}

uint64_t stage_rate_bps(struct stage *stage, uint64_t now_ns) {
    assert(stage->ops == &OPS);
    struct stage_rate *rate = (struct stage_rate *)stage;
    follow_rate(rate, now_ns);
    return rate->parked ? 0 : rate->rate_bps;
}

void stage_rate_set(struct stage *stage, uint64_t rate_bps) {
    assert(stage->ops == &OPS && rate_bps > 0);
    struct stage_rate *rate = (struct stage_rate *)stage;
    change_rate(rate, rate_bps);
    rate->options.rate_bps = rate_bps;
    rate->options.series.steps = NULL;
    rate->rate_until_ns = 0;
}

const struct queue *stage_rate_queue(const struct stage *stage) {
    assert(stage->ops == &OPS);
    return &((const struct stage_rate *)stage)->queue;
}
