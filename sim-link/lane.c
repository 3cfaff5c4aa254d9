#include "sim-link/lane.h"

#include "base/check.h"
#include "sim-link/fixed.h"
#include "sim-link/stage_delay.h"
#include "sim-link/stage_disorder.h"
#include "sim-link/stage_jitter.h"
#include "sim-link/stage_loss.h"
#include "sim-link/stage_rate.h"

#include <string.h>

/* Random streams: those of a direction first, then those that both directions share. */
enum purpose {
    PURPOSE_LOSS,
    PURPOSE_LOSS_STATE,
    PURPOSE_JITTER,
    PURPOSE_DISORDER,
    PURPOSE_RATE,
    PURPOSE_SLOTS = 8,
    PURPOSE_GATE
};

enum { MTU_DEFAULT = 1500 };

struct lane {
    struct stage_exit exit; /* first: stages see the lane as this */
    struct lane_options options;
    struct stage *stages[LANE_STAGES_LIMIT];
    size_t count;
    struct stage *rate; /* NULL without one */
    struct stage *gate;
    uint64_t mtu_bytes;
    uint64_t next_ns;
    struct lane_counts counts;
};

const char *drop_cause_name(enum drop_cause cause) {
    static const char *const names[DROP_CAUSES] = {"queue", "loss", "gate", "size", "memory"};
    return names[cause];
}

static void note(struct lane *lane, uint64_t now_ns, const struct packet *packet, unsigned fate) {
    struct trace_hash *trace = lane->options.trace;
    if (trace != NULL) {
        const struct lane_identity *identity = &lane->options.identity;
        trace_hash_add(trace, now_ns);
        trace_hash_add(trace, (uint64_t)identity->link << 40 | (uint64_t)identity->direction << 39 |
                                  (uint64_t)fate << 32 | packet->bytes);
        trace_hash_add(trace, packet->content + packet->number);
    }
}

static void lane_deliver(struct stage_exit *exit, uint64_t now_ns, struct packet *packet) {
    struct lane *lane = (struct lane *)exit;
    lane->counts.delivered_packets++;
    lane->counts.delivered_bytes += packet->bytes;
    note(lane, now_ns, packet, 0);
    lane->options.sink(lane->options.context, now_ns, packet);
}

static void lane_drop(struct stage_exit *exit, uint64_t now_ns, struct packet *packet,
                      enum drop_cause cause) {
    struct lane *lane = (struct lane *)exit;
    lane->counts.dropped_packets[cause]++;
    lane->counts.dropped_bytes += packet->bytes;
    note(lane, now_ns, packet, 1 + (unsigned)cause);
    packets_give(lane->options.packets, packet);
}

static struct packet *lane_duplicate(struct stage_exit *exit, const struct packet *packet) {
    struct lane *lane = (struct lane *)exit;
    struct packet *twin = packets_take(lane->options.packets);
    if (twin != NULL) {
        size_t content_bytes = lane->options.packets->without_content ? 0 : packet->bytes;
        memcpy(twin, packet, sizeof *packet + content_bytes);
        twin->next = NULL;
        lane->counts.duplicated_packets++;
        lane->counts.duplicated_bytes += packet->bytes;
    }
    return twin;
}

static uint64_t stream_of(const struct lane *lane, enum purpose purpose) {
    const struct lane_identity *identity = &lane->options.identity;
    uint64_t direction = purpose < PURPOSE_SLOTS ? identity->direction + 1 : 0;
    return (uint64_t)identity->link << 8 | direction << 4 | purpose;
}

static struct random random_for(const struct lane *lane, enum purpose purpose) {
    return random_of(lane->options.identity.seed, stream_of(lane, purpose));
}

static struct slots slots_for(const struct lane *lane, enum purpose purpose) {
    struct slots none;
    memset(&none, 0, sizeof none);
    const struct slots_options *options = &lane->options.plan->slots;
    return options->period_ns == 0
               ? none
               : slots_of(options, lane->options.identity.seed, stream_of(lane, purpose));
}

static struct stage *new_rate(struct lane *lane, const struct lane_plan *plan) {
    struct stage_rate_options options = {.rate_bps = plan->rate_bps,
                                         .queue_ns = plan->queue_ns,
                                         .queue_bytes = plan->queue_bytes,
                                         .queue_packets = plan->queue_packets,
                                         .spread_q16 = plan->rate_spread_q16,
                                         .slots = slots_for(lane, PURPOSE_RATE)};
    return lane->rate = stage_rate_new(&options, lane->options.allocator);
}

static struct stage *new_gate(struct lane *lane, const struct lane_plan *plan) {
    struct stage_gate_options options = {.schedules = {plan->reconfiguration, plan->outage},
                                         .random = random_for(lane, PURPOSE_GATE)};
    return lane->gate = stage_gate_new(&options, lane->options.allocator);
}

static struct stage *new_loss(struct lane *lane, const struct lane_plan *plan) {
    struct stage_loss_options options = {.loss_ppb = plan->loss_ppb,
                                         .bad_loss_ppb = plan->bad_loss_ppb,
                                         .good_ns = plan->good_ns,
                                         .bad_ns = plan->bad_ns,
                                         .chance = random_for(lane, PURPOSE_LOSS),
                                         .state = random_for(lane, PURPOSE_LOSS_STATE)};
    if (plan->burst_packets > 1 && plan->loss_ppb < 1000000000u) {
        /* All is lost in the bad state; the stationary share of it is enter / (enter + leave). */
        options.loss_ppb = 0;
        options.bad_loss_ppb = 1000000000u;
        options.leave_ppb = 1000000000u / plan->burst_packets;
        options.enter_ppb = options.leave_ppb * plan->loss_ppb / (1000000000u - plan->loss_ppb);
    }
    return stage_loss_new(&options, lane->options.allocator);
}

static struct stage *new_delay(struct lane *lane, const struct lane_plan *plan) {
    struct stage_delay_options options = {.delay_ns = plan->delay_ns,
                                          .quantiles = plan->rtt_quantiles,
                                          .quantile_count = plan->rtt_quantile_count,
                                          .slots = slots_for(lane, PURPOSE_SLOTS),
                                          .share_permille = 500};
    return stage_delay_new(&options, lane->options.allocator);
}

static struct stage *new_jitter(struct lane *lane, const struct lane_plan *plan) {
    struct stage_jitter_options options = {.jitter_ns = plan->jitter_ns,
                                           .seed = lane->options.identity.seed,
                                           .stream = stream_of(lane, PURPOSE_JITTER)};
    return stage_jitter_new(&options, lane->options.allocator);
}

static struct stage *new_disorder(struct lane *lane, const struct lane_plan *plan) {
    struct stage_disorder_options options = {.reorder_ppb = plan->reorder_ppb,
                                             .reorder_ns = plan->reorder_ns,
                                             .duplicate_ppb = plan->duplicate_ppb,
                                             .corrupt_ppb = plan->corrupt_ppb,
                                             .without_content =
                                                 lane->options.packets->without_content,
                                             .random = random_for(lane, PURPOSE_DISORDER)};
    return stage_disorder_new(&options, lane->options.allocator);
}

typedef struct stage *new_stage(struct lane *lane, const struct lane_plan *plan);

static bool add(struct lane *lane, new_stage *make) {
    struct stage *stage = make(lane, lane->options.plan);
    if (stage == NULL) {
        return false;
    }
    stage->exit = &lane->exit;
    if (lane->count > 0) {
        lane->stages[lane->count - 1]->after = stage;
    }
    lane->stages[lane->count++] = stage;
    return true;
}

static bool add_all(struct lane *lane) {
    const struct lane_plan *plan = lane->options.plan;
    bool lossy = plan->loss_ppb > 0 || plan->bad_ns > 0;
    bool disorderly = plan->reorder_ppb > 0 || plan->duplicate_ppb > 0 || plan->corrupt_ppb > 0;
    return (plan->rate_bps == 0 || add(lane, new_rate)) && add(lane, new_gate) &&
           (!lossy || add(lane, new_loss)) && add(lane, new_delay) &&
           (plan->jitter_ns == 0 || add(lane, new_jitter)) &&
           (!disorderly || add(lane, new_disorder));
}

enum satsync_status lane_open(const struct lane_options *options, struct lane **out,
                              struct satsync_error *error) {
    *out = NULL;
    struct lane *lane = memory_new(options->allocator, 1, sizeof *lane);
    ENSURE(lane != NULL, error, SATSYNC_NO_MEMORY, "sim", "no memory for a link");
    lane->exit = (struct stage_exit){lane_deliver, lane_drop, lane_duplicate};
    lane->options = *options;
    lane->next_ns = TIME_NEVER;
    lane->mtu_bytes = options->plan->mtu_bytes == 0 ? MTU_DEFAULT : options->plan->mtu_bytes;
    bool whole = add_all(lane);
    lane->options.plan = NULL;
    if (!whole) {
        lane_close(lane);
        return error_set(error, SATSYNC_NO_MEMORY, "sim", "no memory for a link");
    }
    *out = lane;
    return SATSYNC_OK;
}

void lane_close(struct lane *lane) {
    if (lane == NULL) {
        return;
    }
    for (size_t i = 0; i < lane->count; i++) {
        lane->stages[i]->ops->free(lane->stages[i]);
    }
    memory_free(lane->options.allocator, lane);
}

static void set_next(struct lane *lane) {
    uint64_t next_ns = TIME_NEVER;
    for (size_t i = 0; i < lane->count; i++) {
        if (lane->stages[i]->next_ns < next_ns) {
            next_ns = lane->stages[i]->next_ns;
        }
    }
    lane->next_ns = next_ns;
}

static void take_content(const struct lane *lane, struct packet *packet, const void *data) {
    memcpy(packet->data, data, packet->bytes);
    if (lane->options.trace != NULL) {
        packet->content = content_hash(data, packet->bytes);
    }
}

void lane_push(struct lane *lane, uint64_t now_ns, const struct packet *header, const void *data) {
    struct packet *packet = packets_take(lane->options.packets);
    uint64_t number = lane->counts.entered_packets++;
    lane->counts.entered_bytes += header->bytes;
    if (packet == NULL) {
        lane->counts.dropped_packets[DROP_MEMORY]++;
        lane->counts.dropped_bytes += header->bytes;
        return;
    }
    packet->number = number;
    packet->bytes = header->bytes;
    packet->wire_bytes = header->bytes + LANE_HEADER_BYTES;
    packet->flow = header->flow;
    packet->ecn = header->ecn;
    if (packet->wire_bytes > lane->mtu_bytes || packet->bytes > lane->options.packets->data_bytes) {
        lane_drop(&lane->exit, now_ns, packet, DROP_SIZE);
        return;
    }
    if (!lane->options.packets->without_content) {
        take_content(lane, packet, data);
    }
    lane->stages[0]->ops->push(lane->stages[0], now_ns, packet);
    set_next(lane);
}

uint64_t lane_next_ns(const struct lane *lane) {
    return lane->next_ns;
}

void lane_run(struct lane *lane, uint64_t now_ns) {
    for (size_t i = 0; i < lane->count; i++) {
        struct stage *stage = lane->stages[i];
        if (stage->next_ns <= now_ns) {
            stage->ops->run(stage, now_ns);
        }
    }
    set_next(lane);
}

uint16_t lane_index(const struct lane *lane) {
    return lane->options.index;
}

void lane_counts(const struct lane *lane, struct lane_counts *counts) {
    *counts = lane->counts;
    counts->queued_packets = lane->rate == NULL ? 0 : lane->rate->held;
    counts->flying_packets = 0;
    for (size_t i = 0; i < lane->count; i++) {
        counts->flying_packets += lane->stages[i]->held;
    }
    counts->flying_packets -= counts->queued_packets;
}

void lane_shut(struct lane *lane, uint64_t until_ns) {
    stage_gate_shut(lane->gate, until_ns);
}
