/*
 * struct agreement, for agreement.c (its verbs) and agreement_io.c (what libraft asks of it).
 */
#ifndef ROUNDS_AGREEMENT_STATE_H
#define ROUNDS_AGREEMENT_STATE_H

#include "base/random.h"
#include "base/ring.h"
#include "rounds/agreement.h"
#include "rounds/agreement_wire.h"

enum { AGREEMENT_DECISIONS = 64 };

/* libraft must not be called back within its own calls: what is done is told afterwards. */
struct completion {
    void (*tell)(struct agreement *agreement, struct completion *completion);
    void *request;
    union {
        raft_io_send_cb send;
        raft_io_append_cb append;
        raft_io_snapshot_put_cb put;
        raft_io_snapshot_get_cb get;
        raft_io_close_cb close;
    } then;
    struct raft_snapshot *snapshot;
};

struct agreement {
    const struct allocator *allocator;
    struct rounds_port port;
    struct agreement_members members;
    size_t self;
    uint64_t now_ns;
    uint64_t tick_ns;
    uint64_t next_tick_ns;
    struct random random;

    struct raft raft;
    struct raft_io io;
    struct raft_fsm fsm;
    raft_io_tick_cb tick;
    raft_io_recv_cb recv;
    bool started;

    struct promises promises;
    bool changed; /* since they were kept */
    uint8_t record[PROMISES_BYTES_MAX];
    enum satsync_status status;

    struct ring completions;
    struct ring messages;
    struct ring decisions;
    struct agreement_decision last;
};

/* How a decision stands in the log. */
size_t agreement_decision_bytes(const struct agreement_decision *decision);
void agreement_decision_put(const struct agreement_decision *decision, uint8_t *out);

bool agreement_decision_get(const void *data, size_t bytes, struct agreement_decision *decision);

/* Hands itself to libraft. */
void agreement_wire_ports(struct agreement *agreement);

/* What libraft waits for, told only after what was promised is kept. */
void agreement_settle(struct agreement *agreement);

#endif
