#include "base/check.h"
#include "rounds/agreement_state.h"

#include <string.h>

enum { STEP_BYTES = 8 };

static struct agreement *of(struct raft_io *io) {
    return io->impl; /* libraft has `data` */
}

/* Decisions: the first of each number counts. */

bool agreement_decision_get(const void *data, size_t bytes, struct agreement_decision *decision) {
    if (bytes < STEP_BYTES || bytes - STEP_BYTES > sizeof decision->data) {
        return false;
    }
    decision->step = load_le64(data);
    decision->bytes = bytes - STEP_BYTES;
    memcpy(decision->data, (const uint8_t *)data + STEP_BYTES, decision->bytes);
    return true;
}

static void decide(struct agreement *agreement, const void *data, size_t bytes) {
    struct agreement_decision decision;
    if (!agreement_decision_get(data, bytes, &decision) || decision.step <= agreement->last.step) {
        return;
    }
    agreement->last = decision;
    if (agreement->decisions.count == AGREEMENT_DECISIONS) {
        struct agreement_decision oldest;
        ring_pop(&agreement->decisions, &oldest);
    }
    ring_push(&agreement->decisions, &decision);
}

size_t agreement_decision_bytes(const struct agreement_decision *decision) {
    return STEP_BYTES + decision->bytes;
}

void agreement_decision_put(const struct agreement_decision *decision, uint8_t *out) {
    store_le64(out, decision->step);
    memcpy(out + STEP_BYTES, decision->data, decision->bytes);
}

static int fsm_apply(struct raft_fsm *fsm, const struct raft_buffer *buffer, void **result) {
    decide(fsm->data, buffer->base, buffer->len);
    *result = NULL;
    return 0;
}

static int fsm_snapshot(struct raft_fsm *fsm, struct raft_buffer *buffers[], unsigned *count) {
    const struct agreement *agreement = fsm->data;
    *buffers = raft_malloc(sizeof **buffers);
    if (!*buffers) {
        return RAFT_NOMEM;
    }
    (*buffers)->len = agreement_decision_bytes(&agreement->last);
    (*buffers)->base = raft_malloc((*buffers)->len);
    if (!(*buffers)->base) {
        raft_free(*buffers);
        return RAFT_NOMEM;
    }
    agreement_decision_put(&agreement->last, (*buffers)->base);
    *count = 1;
    return 0;
}

static int fsm_restore(struct raft_fsm *fsm, struct raft_buffer *buffer) {
    decide(fsm->data, buffer->base, buffer->len);
    raft_free(buffer->base);
    return 0;
}

/* struct raft_io: lasting memory. */

static int io_init(struct raft_io *io, raft_id id, const char *address) {
    (void)io, (void)id, (void)address;
    return 0;
}

static struct raft_snapshot *make_snapshot(const struct agreement *agreement) {
    const struct promises *promises = &agreement->promises;
    struct raft_snapshot *snapshot = raft_calloc(1, sizeof *snapshot);
    struct raft_buffer *buffer = raft_calloc(1, sizeof *buffer);
    void *data = raft_malloc(promises->snapshot.bytes + 1u);
    if (!snapshot || !buffer || !data ||
        agreement_configuration(&agreement->members, &snapshot->configuration) != 0) {
        raft_free(snapshot);
        raft_free(buffer);
        raft_free(data);
        return NULL;
    }
    memcpy(data, promises->snapshot.data, promises->snapshot.bytes);
    *buffer = (struct raft_buffer){.base = data, .len = promises->snapshot.bytes};
    snapshot->index = promises->snapshot_index;
    snapshot->term = promises->snapshot.term;
    snapshot->configuration_index = promises->configuration_index;
    snapshot->bufs = buffer;
    snapshot->n_bufs = 1;
    return snapshot;
}

static struct raft_entry *make_entries(const struct promises *promises) {
    struct raft_entry *entries = raft_calloc(promises->count, sizeof *entries);
    uint8_t *batch = raft_malloc(promises->count * PROMISE_BYTES_MAX);
    if (!entries || !batch) {
        raft_free(entries);
        raft_free(batch);
        return NULL;
    }
    for (size_t i = 0; i < promises->count; i++) {
        const struct promise *promise = &promises->entries[i];
        uint8_t *at = batch + i * PROMISE_BYTES_MAX;
        memcpy(at, promise->data, promise->bytes);
        entries[i] = (struct raft_entry){.term = promise->term,
                                         .type = promise->type,
                                         .buf = {.base = at, .len = promise->bytes},
                                         .batch = batch};
    }
    return entries;
}

static int io_load(struct raft_io *io, raft_term *term, raft_id *voted_for,
                   struct raft_snapshot **snapshot, raft_index *start_index,
                   struct raft_entry *entries[], size_t *count) {
    const struct agreement *agreement = of(io);
    const struct promises *promises = &agreement->promises;
    *term = promises->term;
    *voted_for = promises->vote;
    *start_index = promises->first_index;
    *count = promises->count;
    *entries = NULL;
    *snapshot = NULL;
    if (promises->snapshot_index > 0) {
        *snapshot = make_snapshot(agreement);
        if (!*snapshot) {
            return RAFT_NOMEM;
        }
    }
    if (promises->count > 0) {
        *entries = make_entries(promises);
        if (!*entries) {
            return RAFT_NOMEM;
        }
    }
    return 0;
}

static int io_start(struct raft_io *io, unsigned msecs, raft_io_tick_cb tick,
                    raft_io_recv_cb recv) {
    (void)msecs;
    of(io)->tick = tick;
    of(io)->recv = recv;
    return 0;
}

static int remember(struct agreement *agreement, const struct raft_entry *entry) {
    struct promise promise = {.term = entry->term, .type = (uint8_t)entry->type};
    if (entry->buf.len > PROMISE_BYTES_MAX) {
        return RAFT_TOOBIG;
    }
    promise.bytes = (uint16_t)entry->buf.len;
    memcpy(promise.data, entry->buf.base, entry->buf.len);
    agreement->changed = true;
    return promises_append(&agreement->promises, &promise) == SATSYNC_OK ? 0 : RAFT_TOOMANY;
}

static int io_bootstrap(struct raft_io *io, const struct raft_configuration *configuration) {
    (void)configuration; /* of all members, as ever */
    struct raft_entry first = {.term = 1, .type = RAFT_CHANGE};
    int rv = agreement_configuration_encode(&of(io)->members, &first.buf);
    if (rv == 0) {
        of(io)->promises.term = 1;
        rv = remember(of(io), &first);
        raft_free(first.buf.base);
    }
    return rv;
}

static int io_recover(struct raft_io *io, const struct raft_configuration *configuration) {
    (void)io, (void)configuration;
    return RAFT_INVALID;
}

static int io_set_term(struct raft_io *io, raft_term term) {
    of(io)->promises.term = term;
    of(io)->promises.vote = 0;
    of(io)->changed = true;
    return 0;
}

static int io_set_vote(struct raft_io *io, raft_id id) {
    of(io)->promises.vote = id;
    of(io)->changed = true;
    return 0;
}

/* An entry of the leader's own term that the leader and this site have stored is with a majority of
 * three or two, so decided (Raft, section 3.6.2): no need to wait until the leader says so. The
 * leader has stored it: no message leaves before what it rests on is kept. */
static void decide_what_two_have(struct agreement *agreement) {
    const struct promises *promises = &agreement->promises;
    if (agreement->members.count > 3 || promises->count == 0 ||
        raft_state(&agreement->raft) == RAFT_LEADER ||
        promises->entries[promises->count - 1].term != promises->term) {
        return;
    }
    for (size_t i = 0; i < promises->count; i++) {
        if (promises->entries[i].type == RAFT_COMMAND) {
            decide(agreement, promises->entries[i].data, promises->entries[i].bytes);
        }
    }
}

static void complete(struct agreement *agreement, const struct completion *completion) {
    if (!ring_push(&agreement->completions, completion)) {
        agreement->status = SATSYNC_LIMIT;
    }
}

static void tell_append(struct agreement *agreement, struct completion *completion) {
    completion->then.append(completion->request, agreement->status == SATSYNC_OK ? 0 : RAFT_IOERR);
}

static int io_append(struct raft_io *io, struct raft_io_append *request,
                     const struct raft_entry entries[], unsigned count, raft_io_append_cb then) {
    struct agreement *agreement = of(io);
    for (unsigned i = 0; i < count; i++) {
        int rv = remember(agreement, &entries[i]);
        if (rv != 0) {
            return rv;
        }
    }
    decide_what_two_have(agreement);
    complete(agreement, &(struct completion){tell_append, request, {.append = then}, NULL});
    return 0;
}

static int io_truncate(struct raft_io *io, raft_index index) {
    promises_truncate(&of(io)->promises, index);
    of(io)->changed = true;
    return 0;
}

static void tell_put(struct agreement *agreement, struct completion *completion) {
    completion->then.put(completion->request, agreement->status == SATSYNC_OK ? 0 : RAFT_IOERR);
}

static int io_snapshot_put(struct raft_io *io, unsigned trailing,
                           struct raft_io_snapshot_put *request,
                           const struct raft_snapshot *snapshot, raft_io_snapshot_put_cb then) {
    struct agreement *agreement = of(io);
    struct promises *promises = &agreement->promises;
    if (snapshot->n_bufs != 1 || snapshot->bufs[0].len > PROMISE_BYTES_MAX) {
        return RAFT_TOOBIG;
    }
    promises->snapshot_index = snapshot->index;
    promises->configuration_index = snapshot->configuration_index;
    promises->snapshot.term = snapshot->term;
    promises->snapshot.bytes = (uint16_t)snapshot->bufs[0].len;
    memcpy(promises->snapshot.data, snapshot->bufs[0].base, snapshot->bufs[0].len);
    if (trailing == 0) { /* a leader's snapshot in place of this site's log */
        promises->count = 0;
        promises->first_index = snapshot->index + 1;
    } else if (snapshot->index > trailing) {
        promises_forget(promises, snapshot->index - trailing);
    }
    agreement->changed = true;
    complete(agreement, &(struct completion){tell_put, request, {.put = then}, NULL});
    return 0;
}

static void tell_get(struct agreement *agreement, struct completion *completion) {
    (void)agreement;
    completion->then.get(completion->request, completion->snapshot, 0);
}

static int io_snapshot_get(struct raft_io *io, struct raft_io_snapshot_get *request,
                           raft_io_snapshot_get_cb then) {
    struct raft_snapshot *snapshot = make_snapshot(of(io));
    if (!snapshot) {
        return RAFT_NOMEM;
    }
    complete(of(io), &(struct completion){tell_get, request, {.get = then}, snapshot});
    return 0;
}

/* struct raft_io: messages, time, chance. */

static void tell_send(struct agreement *agreement, struct completion *completion) {
    (void)agreement;
    completion->then.send(completion->request, 0);
}

/* libraft 0.15 turns a pre-vote down with the asker's term. The asker must hear of a higher one, or
 * sites with the longer log stay behind in a lower term, are never voted for, and vote for nobody.
 */
static struct raft_message with_own_term(const struct agreement *agreement,
                                         const struct raft_message *message) {
    struct raft_message told = *message;
    if (told.type == RAFT_IO_REQUEST_VOTE_RESULT && !told.request_vote_result.vote_granted &&
        told.request_vote_result.term < agreement->promises.term) {
        told.request_vote_result.term = agreement->promises.term;
    }
    return told;
}

static int io_send(struct raft_io *io, struct raft_io_send *request,
                   const struct raft_message *message, raft_io_send_cb then) {
    struct agreement *agreement = of(io);
    size_t room = agreement_wire_bytes(message);
    struct agreement_message out = {.peer = (size_t)message->server_id - 1};
    out.data = memory_new(agreement->allocator, 1, room);
    if (!out.data) {
        return RAFT_NOMEM;
    }
    struct bytes_writer writer = bytes_writer_over(out.data, room);
    struct raft_message told = with_own_term(agreement, message);
    agreement_wire_put(&writer, &told);
    assert(!writer.failed);
    out.bytes = bytes_written(&writer);
    if (!ring_push(&agreement->messages, &out)) { /* lost, as messages may be */
        memory_free(agreement->allocator, out.data);
    }
    complete(agreement, &(struct completion){tell_send, request, {.send = then}, NULL});
    return 0;
}

static raft_time io_time(struct raft_io *io) {
    return of(io)->now_ns / 1000000;
}

static int io_random(struct raft_io *io, int min, int max) {
    uint64_t span = max > min ? (uint64_t)(max - min) : 1;
    return min + (int)random_below(&of(io)->random, span);
}

static void tell_close(struct agreement *agreement, struct completion *completion) {
    completion->then.close(&agreement->io);
}

static void io_close(struct raft_io *io, raft_io_close_cb then) {
    complete(of(io), &(struct completion){tell_close, NULL, {.close = then}, NULL});
}

static void keep(struct agreement *agreement) {
    if (!agreement->changed || agreement->status != SATSYNC_OK) {
        return;
    }
    size_t bytes = promises_encode(&agreement->promises, agreement->record);
    agreement->status = agreement->port.keep(agreement->port.context, agreement->record, bytes);
    agreement->changed = false;
}

void agreement_settle(struct agreement *agreement) {
    struct completion completion;
    do {
        keep(agreement);
    } while (ring_pop(&agreement->completions, &completion) &&
             (completion.tell(agreement, &completion), true));
}

void agreement_wire_ports(struct agreement *agreement) {
    agreement->io = (struct raft_io){.version = 1,
                                     .impl = agreement,
                                     .init = io_init,
                                     .close = io_close,
                                     .load = io_load,
                                     .start = io_start,
                                     .bootstrap = io_bootstrap,
                                     .recover = io_recover,
                                     .set_term = io_set_term,
                                     .set_vote = io_set_vote,
                                     .send = io_send,
                                     .append = io_append,
                                     .truncate = io_truncate,
                                     .snapshot_put = io_snapshot_put,
                                     .snapshot_get = io_snapshot_get,
                                     .time = io_time,
                                     .random = io_random};
    agreement->fsm = (struct raft_fsm){.version = 1,
                                       .data = agreement,
                                       .apply = fsm_apply,
                                       .snapshot = fsm_snapshot,
                                       .restore = fsm_restore};
}
