#include "sim-link/stage_disorder.h"

#include "sim-link/fixed.h"

struct stage_disorder {
    struct stage stage;
    struct stage_disorder_options options;
    struct timers late; /* values are packets */
};

static void corrupt(struct stage_disorder_options *options, struct packet *packet) {
    if (packet->bytes > 0) {
        uint64_t bit = random_below(&options->random, (uint64_t)packet->bytes * 8);
        if (options->without_content) {
            return;
        }
        packet->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* Lets the packet go now, or late. */
static void place(struct stage_disorder *disorder, uint64_t now_ns, struct packet *packet) {
    struct stage *stage = &disorder->stage;
    struct stage_disorder_options *options = &disorder->options;
    if (!draw_ppb(&options->random, options->reorder_ppb)) {
        stage_pass(stage, now_ns, packet);
        return;
    }
    uint64_t due_ns = now_ns + 1 + random_below(&options->random, options->reorder_ns + 1);
    if (timers_add(&disorder->late, due_ns, (uint64_t)(uintptr_t)packet) != SATSYNC_OK) {
        stage->exit->drop(stage->exit, now_ns, packet, DROP_MEMORY);
        return;
    }
    stage->held++;
    stage->next_ns = timers_next(&disorder->late);
}

static void disorder_push(struct stage *stage, uint64_t now_ns, struct packet *packet) {
    struct stage_disorder *disorder = (struct stage_disorder *)stage;
    struct stage_disorder_options *options = &disorder->options;
    struct packet *twin = NULL;
    if (draw_ppb(&options->random, options->duplicate_ppb)) {
        twin = stage->exit->duplicate(stage->exit, packet);
    }
    if (draw_ppb(&options->random, options->corrupt_ppb)) {
        corrupt(options, packet);
    }
    place(disorder, now_ns, packet);
    if (twin != NULL) {
        place(disorder, now_ns, twin);
    }
}

static void disorder_run(struct stage *stage, uint64_t now_ns) {
    struct stage_disorder *disorder = (struct stage_disorder *)stage;
    uint64_t value;
    while (timers_pop(&disorder->late, now_ns, &value)) {
        stage->held--;
        stage_pass(stage, now_ns, (struct packet *)(uintptr_t)value);
    }
    stage->next_ns = timers_next(&disorder->late);
}

static void disorder_free(struct stage *stage) {
    timers_fini(&((struct stage_disorder *)stage)->late);
    memory_free(stage->allocator, stage);
}

static const struct stage_ops OPS = {
    .name = "disorder", .push = disorder_push, .run = disorder_run, .free = disorder_free};

struct stage *stage_disorder_new(const struct stage_disorder_options *options,
                                 const struct allocator *allocator) {
    struct stage_disorder *disorder = memory_new(allocator, 1, sizeof *disorder);
    if (disorder == NULL) {
        return NULL;
    }
    disorder->stage = (struct stage){.ops = &OPS, .allocator = allocator, .next_ns = TIME_NEVER};
    disorder->options = *options;
    timers_init(&disorder->late, allocator);
    return &disorder->stage;
}
