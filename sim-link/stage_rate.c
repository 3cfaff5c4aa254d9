#include "sim-link/stage_rate.h"

#include "base/wide.h"
#include "sim-link/fixed.h"

#include <assert.h>

enum { NS_PER_S = 1000000000 };

struct stage_rate {
    struct stage stage;
    struct stage_rate_options options;
    struct packet_list list; /* its first is in transmission */
    uint64_t rate_bps;       /* of the present slot */
    uint64_t rate_until_ns;
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

static void follow_slot(struct stage_rate *rate, uint64_t now_ns) {
    if (rate->options.spread_q16 == 0 || now_ns < rate->rate_until_ns) {
        return;
    }
    int64_t z_q16 = slots_at(&rate->options.slots, now_ns);
    int32_t power_q16 = clamp_power(z_q16 * rate->options.spread_q16 / Q16_ONE);
    uint64_t fresh_bps = fixed_scale(rate->options.rate_bps, power_q16);
    fresh_bps = fresh_bps == 0 ? 1 : fresh_bps;
    rate->end_part = multiply_divide(rate->end_part, fresh_bps, rate->rate_bps);
    rate->rate_bps = fresh_bps;
    rate->size_bytes = 0;
    rate->rate_until_ns = slots_end(&rate->options.slots.options, now_ns);
}

static void measure(struct stage_rate *rate, uint32_t wire_bytes) {
    if (wire_bytes != rate->size_bytes) {
        uint64_t work = (uint64_t)wire_bytes * 8 * NS_PER_S;
        rate->size_bytes = wire_bytes;
        rate->size_ns = work / rate->rate_bps;
        rate->size_part = work % rate->rate_bps;
    }
}

/* The first of the list begins at now_ns, or at the exact end of the one before. */
static void transmit(struct stage_rate *rate, uint64_t now_ns) {
    follow_slot(rate, now_ns);
    /* Idle when that end, rounded up, lies in the past. */
    if (rate->end_ns + (rate->end_part > 0) < now_ns) {
        rate->end_ns = now_ns;
        rate->end_part = 0;
    }
    measure(rate, rate->list.first->wire_bytes);
    rate->end_ns += rate->size_ns;
    rate->end_part += rate->size_part;
    if (rate->end_part >= rate->rate_bps) {
        rate->end_part -= rate->rate_bps;
        rate->end_ns++;
    }
    rate->list.first->due_ns = rate->end_ns + (rate->end_part > 0);
    rate->stage.next_ns = rate->list.first->due_ns;
}

static bool is_full(struct stage_rate *rate, const struct packet *packet) {
    const struct stage_rate_options *options = &rate->options;
    if (options->queue_packets > 0 && rate->list.count >= options->queue_packets) {
        return true;
    }
    uint64_t with_bytes = rate->list.wire_bytes + packet->wire_bytes;
    if (options->queue_bytes > 0 && with_bytes > options->queue_bytes) {
        return true;
    }
    return options->queue_ns > 0 && (uint128)rate->list.wire_bytes * 8 * NS_PER_S >
                                        (uint128)options->queue_ns * rate->rate_bps;
}

static void rate_push(struct stage *stage, uint64_t now_ns, struct packet *packet) {
    struct stage_rate *rate = (struct stage_rate *)stage;
    if (rate->list.count > 0 && is_full(rate, packet)) {
        stage->exit->drop(stage->exit, now_ns, packet, DROP_QUEUE);
        return;
    }
    packet_list_push(&rate->list, packet);
    stage->held++;
    if (rate->list.count == 1) {
        transmit(rate, now_ns);
    }
}

static void rate_run(struct stage *stage, uint64_t now_ns) {
    struct stage_rate *rate = (struct stage_rate *)stage;
    while (rate->list.first != NULL && rate->list.first->due_ns <= now_ns) {
        struct packet *packet = packet_list_pop(&rate->list);
        stage->held--;
        stage->next_ns = TIME_NEVER;
        if (rate->list.first != NULL) {
            transmit(rate, now_ns);
        }
        stage_pass(stage, now_ns, packet);
    }
}

static void rate_free(struct stage *stage) {
    memory_free(stage->allocator, stage);
}

static const struct stage_ops OPS = {"rate", rate_push, rate_run, rate_free};

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
    return &rate->stage;
}
