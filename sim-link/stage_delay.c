#include "sim-link/stage_delay.h"

#include <assert.h>

struct stage_delay {
    struct stage stage;
    struct stage_delay_options options;
    struct path_line line; /* the path's at the last packet */
    struct packet_list list;
    uint64_t last_due_ns;
};

static void follow_path(struct stage_delay *delay, uint64_t now_ns) {
    struct path *path = delay->options.path;
    if (path != NULL && now_ns >= delay->line.until_ns) {
        path->ops->line(path, now_ns, &delay->line);
    }
}

static void delay_push(struct stage *stage, uint64_t now_ns, struct packet *packet) {
    struct stage_delay *delay = (struct stage_delay *)stage;
    follow_path(delay, now_ns);
    if (delay->line.closed) {
        stage->exit->drop(stage->exit, now_ns, packet, DROP_ROUTE);
        return;
    }
    uint64_t due_ns = now_ns + delay->options.delay_ns + path_line_at(&delay->line, now_ns);
    if (due_ns < delay->last_due_ns) {
        due_ns = delay->last_due_ns;
    }
    delay->last_due_ns = due_ns;
    if (due_ns == now_ns && delay->list.first == NULL) {
        stage_pass(stage, now_ns, packet);
        return;
    }
    if (stage->after != NULL && stage->after->ops->early && delay->list.first == NULL) {
        stage_pass(stage, due_ns, packet);
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
    struct path *path = ((struct stage_delay *)stage)->options.path;
    if (path != NULL) {
        path->ops->free(path);
    }
    memory_free(stage->allocator, stage);
}

static const struct stage_ops OPS = {
    .name = "delay", .push = delay_push, .run = delay_run, .free = delay_free};

struct stage *stage_delay_new(const struct stage_delay_options *options,
                              const struct allocator *allocator) {
    struct stage_delay *delay = memory_new(allocator, 1, sizeof *delay);
    if (delay == NULL) {
        if (options->path != NULL) {
            options->path->ops->free(options->path);
        }
        return NULL;
    }
    delay->stage = (struct stage){.ops = &OPS, .allocator = allocator, .next_ns = TIME_NEVER};
    delay->options = *options;
    return &delay->stage;
}

void stage_delay_set(struct stage *stage, uint64_t delay_ns) {
    assert(stage->ops == &OPS);
    ((struct stage_delay *)stage)->options.delay_ns = delay_ns;
}
