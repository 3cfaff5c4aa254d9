#include "sim-link/lane.h"

#include "base/check.h"
#include "sim-link/lane_stages.h"
#include "sim-link/stage_delay.h"
#include "sim-link/stage_jitter.h"
#include "sim-link/stage_loss.h"

#include <string.h>

enum { MTU_DEFAULT = 1500 };

struct lane {
    struct stage_exit exit; /* first: stages see the lane as this */
    struct lane_options options;
    struct lane_stages stages;
    uint64_t mtu_bytes;
    uint64_t next_ns;
    struct lane_watch *watch;
    struct lane_counts counts;
};

const char *drop_cause_name(enum drop_cause cause) {
    static const char *const names[DROP_CAUSES] = {"queue",  "loss",    "gate", "size",
                                                   "memory", "policer", "aqm",  "route"};
    return names[cause];
}

static void show(struct lane *lane, uint64_t now_ns, const struct packet *packet, unsigned fate) {
    struct lane_fate shown = {.now_ns = now_ns, .delivered = fate == 0};
    shown.cause = (enum drop_cause)(fate == 0 ? 0 : fate - 1);
    for (struct lane_watch *watch = lane->watch; watch != NULL; watch = watch->next) {
        watch->fate(watch, lane, &shown, packet);
    }
}

/* `fate` is 0 when it arrived, else the cause and 1. */
static void note(struct lane *lane, uint64_t now_ns, const struct packet *packet, unsigned fate) {
    struct trace_hash *trace = lane->options.trace;
    if (lane->watch != NULL) {
        show(lane, now_ns, packet, fate);
    }
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

enum satsync_status lane_open(const struct lane_options *options, struct lane **out,
                              struct satsync_error *error) {
    *out = NULL;
    struct lane *lane = memory_new(options->allocator, 1, sizeof *lane);
    ENSURE(lane != NULL, error, SATSYNC_NO_MEMORY, "sim", "no memory for a link");
    lane->exit = (struct stage_exit){lane_deliver, lane_drop, lane_duplicate};
    lane->options = *options;
    lane->next_ns = TIME_NEVER;
    lane->mtu_bytes = options->plan->mtu_bytes == 0 ? MTU_DEFAULT : options->plan->mtu_bytes;
    bool whole = lane_stages_build(&lane->stages, &lane->options, &lane->exit);
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
    lane_stages_free(&lane->stages);
    memory_free(lane->options.allocator, lane);
}

static void set_next(struct lane *lane) {
    uint64_t next_ns = TIME_NEVER;
    for (size_t i = 0; i < lane->stages.timed_count; i++) {
        if (lane->stages.timed[i]->next_ns < next_ns) {
            next_ns = lane->stages.timed[i]->next_ns;
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
    packet->entered_ns = now_ns;
    packet->bytes = header->bytes;
    packet->wire_bytes =
        header->bytes + (lane->options.whole_packets ? 0 : (uint32_t)LANE_HEADER_BYTES);
    packet->flow = header->flow;
    packet->ecn = header->ecn;
    if (packet->wire_bytes > lane->mtu_bytes || packet->bytes > lane->options.packets->data_bytes) {
        lane_drop(&lane->exit, now_ns, packet, DROP_SIZE);
        return;
    }
    if (!lane->options.packets->without_content) {
        take_content(lane, packet, data);
    }
    lane->stages.all[0]->ops->push(lane->stages.all[0], now_ns, packet);
    set_next(lane);
}

uint64_t lane_next_ns(const struct lane *lane) {
    return lane->next_ns;
}

void lane_run(struct lane *lane, uint64_t now_ns) {
    uint64_t next_ns = TIME_NEVER;
    /* A stage pushes to later ones only: when it has had its turn, its next is known. */
    for (size_t i = 0; i < lane->stages.timed_count; i++) {
        struct stage *stage = lane->stages.timed[i];
        if (stage->next_ns <= now_ns) {
            stage->ops->run(stage, now_ns);
        }
        next_ns = stage->next_ns < next_ns ? stage->next_ns : next_ns;
    }
    lane->next_ns = next_ns;
}

uint16_t lane_index(const struct lane *lane) {
    return lane->options.index;
}

const struct lane_identity *lane_identity(const struct lane *lane) {
    return &lane->options.identity;
}

void lane_watch(struct lane *lane, struct lane_watch *first) {
    lane->watch = first;
}

void lane_counts(const struct lane *lane, struct lane_counts *counts) {
    *counts = lane->counts;
    counts->queued_packets = 0;
    counts->flying_packets = 0;
    for (size_t i = 0; i < lane->stages.count; i++) {
        const struct stage *stage = lane->stages.all[i];
        uint64_t *held = lane_stages_is_queue(&lane->stages, stage) ? &counts->queued_packets
                                                                    : &counts->flying_packets;
        *held += stage->held;
    }
}

void lane_shut(struct lane *lane, uint64_t until_ns) {
    stage_gate_shut(lane->stages.gate, until_ns);
}

static const uint64_t RATE_UNLIMITED_BPS = 1000000000000000u;

void lane_set(struct lane *lane, const struct lane_plan *plan) {
    const struct lane_stages *stages = &lane->stages;
    assert(lane->options.live);
    if (stages->rate != NULL) {
        stage_rate_set(stages->rate, plan->rate_bps == 0 ? RATE_UNLIMITED_BPS : plan->rate_bps);
    }
    stage_delay_set(stages->delay, plan->delay_ns);
    stage_jitter_set(stages->jitter, plan->jitter_ns);
    stage_loss_set(stages->loss, plan->loss_ppb);
}

void lane_state(const struct lane *lane, uint64_t now_ns, struct lane_state *state) {
    const struct lane_stages *stages = &lane->stages;
    const struct queue *queue = NULL;
    *state = (struct lane_state){.rate_bps = 0};
    if (stages->rate != NULL) {
        state->rate_bps = stage_rate_bps(stages->rate, now_ns);
        queue = stage_rate_queue(stages->rate);
    } else if (stages->replay != NULL) {
        queue = stage_replay_queue(stages->replay);
    }
    if (queue != NULL) {
        state->queued_packets = queue->list.count;
        state->queued_bytes = queue->list.wire_bytes;
    }
}
