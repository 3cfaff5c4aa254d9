/*
 * One thing that a link does to packets: delay, rate, loss, a gate, jitter, disorder.
 *
 * Stages are chained; each takes packets from the one before (push), may keep them, and says when
 * it wants to run. All time is in nanoseconds of the emulation; only integers decide. Owner thread.
 */
#ifndef SIM_LINK_STAGE_H
#define SIM_LINK_STAGE_H

#include "base/timers.h"
#include "sim-link/packet.h"

enum drop_cause {
    DROP_QUEUE,   /* the queue was full */
    DROP_LOSS,    /* the loss model took it */
    DROP_GATE,    /* an outage or reconfiguration */
    DROP_SIZE,    /* larger than the link's MTU */
    DROP_MEMORY,  /* the emulator itself had none */
    DROP_POLICER, /* above the rate that the policer allows */
    DROP_AQM,     /* active queue management, before the queue was full */
    DROP_ROUTE,   /* no way over the satellites at that time */
    DROP_CAUSES
};

struct stage;

/* Where a chain ends, well or badly. Both take the packet over. */
struct stage_exit {
    void (*deliver)(struct stage_exit *exit, uint64_t now_ns, struct packet *packet);
    void (*drop)(struct stage_exit *exit, uint64_t now_ns, struct packet *packet,
                 enum drop_cause cause);
    /* A second packet of the same content and number; NULL when memory ran out. */
    struct packet *(*duplicate)(struct stage_exit *exit, const struct packet *packet);
};

struct stage_ops {
    const char *name;
    /* Takes the packet over; it was let go by the stage before at now_ns. */
    void (*push)(struct stage *stage, uint64_t now_ns, struct packet *packet);
    /* Lets go of what is due at now_ns; called when now_ns has reached next_ns. NULL: it keeps
     * nothing. */
    void (*run)(struct stage *stage, uint64_t now_ns);
    void (*free)(struct stage *stage);
    /* Takes packets before their now_ns too, as long as that never goes back, and keeps each for
     * later: what it does depends on pushes alone. Saves the stage before an event a packet. */
    bool early;
};

/* First member of each kind's struct. */
struct stage {
    const struct stage_ops *ops;
    struct stage *after; /* NULL in the last */
    struct stage_exit *exit;
    const struct allocator *allocator;
    uint64_t next_ns; /* when it wants to run, TIME_NEVER when it does not */
    uint64_t held;    /* packets that it keeps */
};

/* Hands a packet on. */
static inline void stage_pass(struct stage *stage, uint64_t now_ns, struct packet *packet) {
    if (stage->after != NULL) {
        stage->after->ops->push(stage->after, now_ns, packet);
    } else {
        stage->exit->deliver(stage->exit, now_ns, packet);
    }
}

#endif
