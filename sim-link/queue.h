/*
 * The queue before a transmitter: drop-tail by time, bytes or packets, with CoDel or RED besides.
 *
 * The packet in transmission is its first, and counts. A queue belongs to a stage, whose `held` it
 * keeps and through whose exit it drops. With `marks`, what CoDel or RED would drop is marked
 * instead when it is ECN-capable. Owner thread.
 */
#ifndef SIM_LINK_QUEUE_H
#define SIM_LINK_QUEUE_H

#include "sim-link/codel.h"
#include "sim-link/red.h"
#include "sim-link/stage.h"

enum queue_discipline { QUEUE_DROPTAIL, QUEUE_CODEL, QUEUE_RED };

struct queue_options {
    uint64_t limit_ns;      /* longest time a packet may wait at the present rate; 0: no limit */
    uint64_t limit_bytes;   /* wire bytes; 0: no limit */
    uint64_t limit_packets; /* likewise */
    enum queue_discipline discipline;
    uint64_t codel_target_ns;
    uint64_t codel_interval_ns;
    uint64_t red_least_ns; /* waits at the present rate */
    uint64_t red_most_ns;
    uint64_t red_ppb;
    bool marks;
    struct random random; /* for RED */
};

struct queue {
    struct queue_options options;
    struct packet_list list;
    struct codel codel;
    struct red red;
    uint64_t empty_since_ns;
    uint64_t marked_packets;
};

void queue_init(struct queue *queue, const struct queue_options *options);

/* False when it was dropped. */
bool queue_push(struct queue *queue, struct stage *stage, struct packet *packet, uint64_t now_ns,
                uint64_t rate_bps);

/* Settles which packet is transmitted from now_ns on: the first of the list, or NULL. */
struct packet *queue_head(struct queue *queue, struct stage *stage, uint64_t now_ns);

/* Takes the first, which was transmitted. */
struct packet *queue_pop(struct queue *queue, struct stage *stage, uint64_t now_ns);

#endif
