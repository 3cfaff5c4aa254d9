#include "sim-link/stage_jitter.h"

#include "base/random.h"
#include "base/wide.h"

#include <assert.h>

enum { KNOT_NS = 10000000 };

struct stage_jitter {
    struct stage stage;
    struct stage_jitter_options options;
    struct packet_list list;
    uint64_t last_due_ns;
    /* The knots about the last packet; drawing them for each would cost more than all the rest. */
    uint64_t index;
    uint64_t from_ns;
    uint64_t to_ns;
};

static uint64_t knot(const struct stage_jitter_options *options, uint64_t index) {
    uint32_t block[4];
    random_block(options->seed, options->stream, index, block);
    return multiply_divide(options->jitter_ns, block[0], UINT32_MAX);
}

/* At most 60 s of jitter times 10 ms: no overflow. */
static uint64_t between(uint64_t from_ns, uint64_t to_ns, uint64_t along_ns) {
    return from_ns * (KNOT_NS - along_ns) / KNOT_NS + to_ns * along_ns / KNOT_NS;
}

uint64_t stage_jitter_at(const struct stage_jitter_options *options, uint64_t now_ns) {
    uint64_t index = now_ns / KNOT_NS;
    return between(knot(options, index), knot(options, index + 1), now_ns % KNOT_NS);
}

static uint64_t extra_at(struct stage_jitter *jitter, uint64_t now_ns) {
    uint64_t index = now_ns / KNOT_NS;
    if (index != jitter->index) {
        jitter->from_ns = knot(&jitter->options, index);
        jitter->to_ns = knot(&jitter->options, index + 1);
        jitter->index = index;
    }
    return between(jitter->from_ns, jitter->to_ns, now_ns % KNOT_NS);
}

static void jitter_push(struct stage *stage, uint64_t now_ns, struct packet *packet) {
    struct stage_jitter *jitter = (struct stage_jitter *)stage;
    uint64_t due_ns = now_ns + extra_at(jitter, now_ns);
    if (due_ns < jitter->last_due_ns) {
        due_ns = jitter->last_due_ns;
    }
    jitter->last_due_ns = due_ns;
    packet->due_ns = due_ns;
    packet_list_push(&jitter->list, packet);
    stage->held++;
    stage->next_ns = jitter->list.first->due_ns;
}

static void jitter_run(struct stage *stage, uint64_t now_ns) {
    struct stage_jitter *jitter = (struct stage_jitter *)stage;
    while (jitter->list.first != NULL && jitter->list.first->due_ns <= now_ns) {
        struct packet *packet = packet_list_pop(&jitter->list);
        stage->held--;
        stage_pass(stage, now_ns, packet);
    }
    stage->next_ns = jitter->list.first == NULL ? TIME_NEVER : jitter->list.first->due_ns;
}

static void jitter_free(struct stage *stage) {
    memory_free(stage->allocator, stage);
}

static const struct stage_ops OPS = {
    .name = "jitter", .push = jitter_push, .run = jitter_run, .free = jitter_free, .early = true};

struct stage *stage_jitter_new(const struct stage_jitter_options *options,
                               const struct allocator *allocator) {
    struct stage_jitter *jitter = memory_new(allocator, 1, sizeof *jitter);
    if (jitter == NULL) {
        return NULL;
    }
    jitter->stage = (struct stage){.ops = &OPS, .allocator = allocator, .next_ns = TIME_NEVER};
    jitter->options = *options;
    jitter->index = UINT64_MAX;
    return &jitter->stage;
}

void stage_jitter_set(struct stage *stage, uint64_t jitter_ns) {
    assert(stage->ops == &OPS);
    struct stage_jitter *jitter = (struct stage_jitter *)stage;
    jitter->options.jitter_ns = jitter_ns;
    jitter->index = UINT64_MAX;
}
