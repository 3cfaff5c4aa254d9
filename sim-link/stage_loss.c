#include "sim-link/stage_loss.h"

#include "sim-link/fixed.h"

#include <assert.h>

struct stage_loss {
    struct stage stage;
    struct stage_loss_options options;
    bool bad;
    uint64_t state_until_ns;
    uint64_t series_until_ns;
};

static void follow_time(struct stage_loss *loss, uint64_t now_ns) {
    struct stage_loss_options *options = &loss->options;
    while (now_ns >= loss->state_until_ns) {
        loss->bad = !loss->bad;
        uint64_t mean_ns = loss->bad ? options->bad_ns : options->good_ns;
        loss->state_until_ns += 1 + draw_exponential(&options->state, mean_ns);
    }
}

static void follow_packets(struct stage_loss *loss) {
    struct stage_loss_options *options = &loss->options;
    if (draw_ppb(&options->state, loss->bad ? options->leave_ppb : options->enter_ppb)) {
        loss->bad = !loss->bad;
    }
}

static void loss_push(struct stage *stage, uint64_t now_ns, struct packet *packet) {
    struct stage_loss *loss = (struct stage_loss *)stage;
    struct stage_loss_options *options = &loss->options;
    if (options->series.steps != NULL && now_ns >= loss->series_until_ns) {
        options->loss_ppb = series_at(&options->series, now_ns, &loss->series_until_ns);
    }
    if (options->bad_ns > 0) {
        follow_time(loss, now_ns);
    } else if (options->enter_ppb > 0) {
        follow_packets(loss);
    }
    if (draw_ppb(&options->chance, loss->bad ? options->bad_loss_ppb : options->loss_ppb)) {
        stage->exit->drop(stage->exit, now_ns, packet, DROP_LOSS);
    } else {
        stage_pass(stage, now_ns, packet);
    }
}

static void loss_free(struct stage *stage) {
    memory_free(stage->allocator, stage);
}

static const struct stage_ops OPS = {.name = "loss", .push = loss_push, .free = loss_free};

struct stage *stage_loss_new(const struct stage_loss_options *options,
                             const struct allocator *allocator) {
    struct stage_loss *loss = memory_new(allocator, 1, sizeof *loss);
    if (loss == NULL) {
        return NULL;
    }
    loss->stage = (struct stage){.ops = &OPS, .allocator = allocator, .next_ns = TIME_NEVER};
    loss->options = *options;
    /* The first draw must end in the good state. */
    loss->bad = options->bad_ns > 0;
    return &loss->stage;
}

void stage_loss_set(struct stage *stage, uint64_t loss_ppb) {
    assert(stage->ops == &OPS);
    struct stage_loss_options *options = &((struct stage_loss *)stage)->options;
    options->loss_ppb = loss_ppb;
    options->series.steps = NULL;
    options->enter_ppb = 0;
    options->leave_ppb = 0;
}
