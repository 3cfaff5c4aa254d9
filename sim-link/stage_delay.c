#include "sim-link/stage_delay.h"

struct stage_delay {
    struct stage stage;
    struct stage_delay_options options;
    struct packet_list list;
    uint64_t last_due_ns;
};

static uint64_t delay_at(struct stage_delay *delay, uint64_t now_ns) {
    struct stage_delay_options *options = &delay->options;
    if (options->quantiles == NULL) {
        return options->delay_ns;
    }
    int32_t z_q16 = slots_at(&options->slots, now_ns);
    uint64_t drawn_ns = quantile_at(options->quantiles, options->quantile_count, z_q16);
    return options->delay_ns + drawn_ns * options->share_permille / 1000;
}

static void delay_push(struct stage *stage, uint64_t now_ns, struct packet *packet) {
    struct stage_delay *delay = (struct stage_delay *)stage;
    uint64_t due_ns = now_ns + delay_at(delay, now_ns);
    if (due_ns < delay->last_due_ns) {
        due_ns = delay->last_due_ns;
    }
    delay->last_due_ns = due_ns;
    if (due_ns == now_ns) {
        stage_pass(stage, now_ns, packet);
        return;
    }
    packet->due_ns = due_ns;
    packet_list_push(&delay->list, packet);
    stage->held++;
    stage->next_ns = delay->list.first->due_ns;
}

static void delay_run(struct stage *stage, uint64_t now_ns) {
    struct stage_delay *delay = (struct stage_delay *)stage;
    while (delay->list.first != NULL && delay->list.first->due_ns <= now_ns) {
        struct packet *packet = packet_list_pop(&delay->list);
        stage->held--;
        stage_pass(stage, now_ns, packet);
    }
    stage->next_ns = delay->list.first == NULL ? TIME_NEVER : delay->list.first->due_ns;
}

static void delay_free(struct stage *stage) {
    memory_free(stage->allocator, stage);
}

static const struct stage_ops OPS = {"delay", delay_push, delay_run, delay_free};

struct stage *stage_delay_new(const struct stage_delay_options *options,
                              const struct allocator *allocator) {
    struct stage_delay *delay = memory_new(allocator, 1, sizeof *delay);
    if (delay == NULL) {
        return NULL;
    }
    delay->stage = (struct stage){.ops = &OPS, .allocator = allocator, .next_ns = TIME_NEVER};
    delay->options = *options;
    return &delay->stage;
}
