#include "sim-link/stage_replay.h"

#include "base/wide.h"

#include <assert.h>

struct stage_replay {
    struct stage stage;
    struct stage_replay_options options;
    struct queue queue;
    uint64_t mean_bps;
    uint64_t base_ns;    /* what the present round adds to the list's times */
    size_t at;           /* the next opportunity */
    uint64_t left_bytes; /* of the packet in transmission; 0: none is */
};

static uint64_t opportunity_ns(const struct stage_replay *replay) {
    return replay->base_ns + replay->options.trace.at_ns[replay->at];
}

static void next_opportunity(struct stage_replay *replay) {
    const struct replay_trace *trace = &replay->options.trace;
    if (++replay->at == trace->count) {
        replay->at = 0;
        replay->base_ns += trace->at_ns[trace->count - 1];
    }
}

/* The first opportunity at or after now_ns. */
static void skip_to(struct stage_replay *replay, uint64_t now_ns) {
    const struct replay_trace *trace = &replay->options.trace;
    uint64_t period_ns = trace->at_ns[trace->count - 1];
    if (now_ns > replay->base_ns + period_ns) {
        replay->base_ns += (now_ns - replay->base_ns - 1) / period_ns * period_ns;
        replay->at = 0;
    }
    while (opportunity_ns(replay) < now_ns) {
        next_opportunity(replay);
    }
}

static void set_next(struct stage_replay *replay) {
    replay->stage.next_ns = replay->queue.list.count == 0 ? TIME_NEVER : opportunity_ns(replay);
}

static void replay_push(struct stage *stage, uint64_t now_ns, struct packet *packet) {
    struct stage_replay *replay = (struct stage_replay *)stage;
    if (replay->queue.list.count == 0) {
        skip_to(replay, now_ns);
    }
    (void)queue_push(&replay->queue, stage, packet, now_ns, replay->mean_bps);
    set_next(replay);
}

/* One opportunity's bytes. */
static void use(struct stage_replay *replay, uint64_t now_ns) {
    uint64_t bytes = replay->options.trace.opportunity_bytes;
    while (bytes > 0) {
        if (replay->left_bytes == 0) {
            struct packet *head = queue_head(&replay->queue, &replay->stage, now_ns);
            if (head == NULL) {
                return;
            }
            replay->left_bytes = head->wire_bytes;
        }
        uint64_t used = bytes < replay->left_bytes ? bytes : replay->left_bytes;
        bytes -= used;
        replay->left_bytes -= used;
        if (replay->left_bytes == 0) {
            stage_pass(&replay->stage, now_ns, queue_pop(&replay->queue, &replay->stage, now_ns));
        }
    }
}

static void replay_run(struct stage *stage, uint64_t now_ns) {
    struct stage_replay *replay = (struct stage_replay *)stage;
    while (replay->queue.list.count > 0 && opportunity_ns(replay) <= now_ns) {
        next_opportunity(replay);
        use(replay, now_ns);
    }
    set_next(replay);
}

static void replay_free(struct stage *stage) {
    memory_free(stage->allocator, stage);
}

static const struct stage_ops OPS = {
    .name = "replay", .push = replay_push, .run = replay_run, .free = replay_free};

struct stage *stage_replay_new(const struct stage_replay_options *options,
                               const struct allocator *allocator) {
    const struct replay_trace *trace = &options->trace;
    assert(trace->count > 0 && trace->at_ns[trace->count - 1] > 0);
    struct stage_replay *replay = memory_new(allocator, 1, sizeof *replay);
    if (replay == NULL) {
        return NULL;
    }
    replay->stage = (struct stage){.ops = &OPS, .allocator = allocator, .next_ns = TIME_NEVER};
    replay->options = *options;
    replay->mean_bps = multiply_divide((uint64_t)trace->count * trace->opportunity_bytes * 8,
                                       1000000000u, trace->at_ns[trace->count - 1]);
    replay->mean_bps = replay->mean_bps == 0 ? 1 : replay->mean_bps;
    queue_init(&replay->queue, &options->queue);
    return &replay->stage;
}

const struct queue *stage_replay_queue(const struct stage *stage) {
    assert(stage->ops == &OPS);
    return &((const struct stage_replay *)stage)->queue;
}
