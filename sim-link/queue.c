#include "sim-link/queue.h"

#include "base/wide.h"

enum { NS_PER_S = 1000000000, ECN_CAPABLE_1 = 1, ECN_CAPABLE_0 = 2, ECN_MARK = 3, MTU = 1514 };

void queue_init(struct queue *queue, const struct queue_options *options) {
    *queue = (struct queue){
        .options = *options,
        .codel = {.target_ns = options->codel_target_ns, .interval_ns = options->codel_interval_ns},
        .red = {.most_ppb = options->red_ppb, .random = options->random, .since_drop = -1}};
}

static bool is_full(const struct queue *queue, const struct packet *packet, uint64_t rate_bps) {
    const struct queue_options *options = &queue->options;
    if (queue->list.count == 0) {
        return false;
    }
    if (options->limit_packets > 0 && queue->list.count >= options->limit_packets) {
        return true;
    }
    uint64_t with_bytes = queue->list.wire_bytes + packet->wire_bytes;
    if (options->limit_bytes > 0 && with_bytes > options->limit_bytes) {
        return true;
    }
    return options->limit_ns > 0 &&
           (uint128)queue->list.wire_bytes * 8 * NS_PER_S > (uint128)options->limit_ns * rate_bps;
}

/* Drops, or marks where that is wanted and possible; true when it dropped. */
static bool punish(struct queue *queue, struct stage *stage, struct packet *packet,
                   uint64_t now_ns) {
    if (queue->options.marks && (packet->ecn == ECN_CAPABLE_0 || packet->ecn == ECN_CAPABLE_1)) {
        packet->ecn = ECN_MARK;
        queue->marked_packets++;
        return false;
    }
    stage->exit->drop(stage->exit, now_ns, packet, DROP_AQM);
    return true;
}

static bool is_early(struct queue *queue, const struct packet *packet, uint64_t now_ns,
                     uint64_t rate_bps) {
    const struct queue_options *options = &queue->options;
    if (options->discipline != QUEUE_RED) {
        return false;
    }
    struct red_arrival arrival = {
        .queued_bytes = queue->list.wire_bytes,
        .least_bytes = multiply_divide(options->red_least_ns, rate_bps, 8ull * NS_PER_S),
        .most_bytes = multiply_divide(options->red_most_ns, rate_bps, 8ull * NS_PER_S)};
    if (queue->list.count == 0 && packet->wire_bytes > 0) {
        arrival.idle_packets = multiply_divide(now_ns - queue->empty_since_ns, rate_bps,
                                               8ull * NS_PER_S * packet->wire_bytes);
    }
    return red_drops(&queue->red, &arrival);
}

bool queue_push(struct queue *queue, struct stage *stage, struct packet *packet, uint64_t now_ns,
                uint64_t rate_bps) {
    if (is_full(queue, packet, rate_bps)) {
        stage->exit->drop(stage->exit, now_ns, packet, DROP_QUEUE);
        return false;
    }
    if (is_early(queue, packet, now_ns, rate_bps) && punish(queue, stage, packet, now_ns)) {
        return false;
    }
    packet->due_ns = now_ns;
    packet_list_push(&queue->list, packet);
    stage->held++;
    return true;
}

struct packet *queue_pop(struct queue *queue, struct stage *stage, uint64_t now_ns) {
    struct packet *packet = packet_list_pop(&queue->list);
    stage->held--;
    if (queue->list.count == 0) {
        queue->empty_since_ns = now_ns;
    }
    return packet;
}

static bool drops_head(struct queue *queue, uint64_t now_ns) {
    const struct packet *first = queue->list.first;
    struct codel_head head = {.empty = first == NULL};
    if (first != NULL) {
        head.waited_ns = now_ns - first->due_ns;
        head.alone = queue->list.wire_bytes - first->wire_bytes <= MTU;
    }
    return codel_drops(&queue->codel, now_ns, &head);
}

struct packet *queue_head(struct queue *queue, struct stage *stage, uint64_t now_ns) {
    if (queue->options.discipline != QUEUE_CODEL) {
        return queue->list.first;
    }
    while (drops_head(queue, now_ns)) {
        struct packet *packet = queue->list.first;
        if (queue->options.marks &&
            (packet->ecn == ECN_CAPABLE_0 || packet->ecn == ECN_CAPABLE_1)) {
            /* A mark says what a drop would, and the packet goes on: the dequeue ends here, in the
             * state that a drop would have led to. */
            (void)punish(queue, stage, packet, now_ns);
            (void)drops_head(queue, now_ns);
            queue->codel.judged = false;
            break;
        }
        (void)punish(queue, stage, queue_pop(queue, stage, now_ns), now_ns);
    }
    return queue->list.first;
}
