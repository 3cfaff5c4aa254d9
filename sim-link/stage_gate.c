#include "sim-link/stage_gate.h"

#include "sim-link/fixed.h"

#include <assert.h>

/* One occurrence: [start, drop_end) drops, [drop_end, hold_end) holds. */
struct window {
    uint64_t index;
    uint64_t start_ns;
    uint64_t drop_end_ns;
    uint64_t hold_end_ns;
};

struct stage_gate {
    struct stage stage;
    struct stage_gate_options options;
    struct window windows[GATE_SCHEDULES];
    uint64_t shut_until_ns;
    struct packet_list list;
};

static uint64_t draw_hold(struct stage_gate *gate, const struct gate_schedule *schedule) {
    if (schedule->hold_quantiles != NULL) {
        return quantile_at(schedule->hold_quantiles, schedule->hold_quantile_count,
                           draw_normal(&gate->options.random));
    }
    if (schedule->hold_spread_q16 != 0) {
        int64_t power = (int64_t)draw_normal(&gate->options.random) * schedule->hold_spread_q16;
        return fixed_scale(schedule->hold_ns, (int32_t)(power / Q16_ONE));
    }
    return schedule->hold_ns;
}

static void set_window(struct stage_gate *gate, int which, uint64_t index) {
    const struct gate_schedule *schedule = &gate->options.schedules[which];
    struct window *window = &gate->windows[which];
    window->index = index;
    window->start_ns = TIME_NEVER;
    if (schedule->period_ns == 0 || (schedule->count > 0 && index >= schedule->count)) {
        return;
    }
    uint64_t hold_ns = draw_hold(gate, schedule);
    uint64_t longest_ns = schedule->period_ns - schedule->drop_ns;
    window->start_ns = schedule->phase_ns + index * schedule->period_ns;
    window->drop_end_ns = window->start_ns + schedule->drop_ns;
    window->hold_end_ns = window->drop_end_ns + (hold_ns < longest_ns ? hold_ns : longest_ns);
}

static void follow_window(struct stage_gate *gate, int which, uint64_t now_ns) {
    while (gate->windows[which].start_ns != TIME_NEVER &&
           now_ns >= gate->windows[which].hold_end_ns) {
        set_window(gate, which, gate->windows[which].index + 1);
    }
}

static void gate_push(struct stage *stage, uint64_t now_ns, struct packet *packet) {
    struct stage_gate *gate = (struct stage_gate *)stage;
    uint64_t hold_until_ns = 0;
    bool drop = now_ns < gate->shut_until_ns;
    for (int which = 0; which < GATE_SCHEDULES; which++) {
        const struct window *window = &gate->windows[which];
        follow_window(gate, which, now_ns);
        if (now_ns < window->start_ns) {
            continue;
        }
        drop = drop || now_ns < window->drop_end_ns;
        if (window->hold_end_ns > hold_until_ns) {
            hold_until_ns = window->hold_end_ns;
        }
    }
    if (drop) {
        stage->exit->drop(stage->exit, now_ns, packet, DROP_GATE);
    } else if (hold_until_ns > now_ns) {
        packet_list_push(&gate->list, packet);
        stage->held++;
        stage->next_ns = stage->next_ns < hold_until_ns || stage->next_ns == TIME_NEVER
                             ? hold_until_ns
                             : stage->next_ns;
    } else {
        stage_pass(stage, now_ns, packet);
    }
}

static void gate_run(struct stage *stage, uint64_t now_ns) {
    struct stage_gate *gate = (struct stage_gate *)stage;
    struct packet *packet;
    stage->next_ns = TIME_NEVER;
    while ((packet = packet_list_pop(&gate->list)) != NULL) {
        stage->held--;
        stage_pass(stage, now_ns, packet);
    }
}

static void gate_free(struct stage *stage) {
    memory_free(stage->allocator, stage);
}

static const struct stage_ops OPS = {
    .name = "gate", .push = gate_push, .run = gate_run, .free = gate_free};

struct stage *stage_gate_new(const struct stage_gate_options *options,
                             const struct allocator *allocator) {
    struct stage_gate *gate = memory_new(allocator, 1, sizeof *gate);
    if (gate == NULL) {
        return NULL;
    }
    gate->stage = (struct stage){.ops = &OPS, .allocator = allocator, .next_ns = TIME_NEVER};
    gate->options = *options;
    for (int which = 0; which < GATE_SCHEDULES; which++) {
        const struct gate_schedule *schedule = &options->schedules[which];
        assert(schedule->period_ns == 0 || schedule->drop_ns <= schedule->period_ns);
        set_window(gate, which, 0);
    }
    return &gate->stage;
}

void stage_gate_shut(struct stage *stage, uint64_t until_ns) {
    assert(stage->ops == &OPS);
    ((struct stage_gate *)stage)->shut_until_ns = until_ns;
}
