/* Serving: every peer that is let in may push or ask, as its rights say. */
#include "base/check.h"
#include "engine/site.h"

#include <stdio.h>
#include <string.h>

static void put_event(struct site *site, const struct satsync_serve_event *event) {
    struct satsync_operation *operation = site->job.operation;
    monitor_lock(operation->monitor);
    if (!ring_push(&site->events, event)) {
        struct satsync_serve_event oldest;
        bool popped = ring_pop(&site->events, &oldest);
        bool pushed = ring_push(&site->events, event);
        assert(popped && pushed); /* nobody reads: the newest are worth more */
    }
    monitor_wake_all(operation->monitor);
    monitor_unlock(operation->monitor);
}

void site_transfer_began(struct site *site, struct session *session, bool receiving) {
    if (!site->role->listens) {
        return;
    }
    struct satsync_serve_event event = {.received = receiving};
    event.step = receiving ? session->receiver.manifest.root.step : session->sender.step;
    event.bytes = receiving ? session->receiver.wanted_bytes : session->sender.total_bytes;
    memcpy(event.peer.bytes, session->peer, sizeof event.peer.bytes);
    put_event(site, &event);
}

static void report_received(struct site *site, struct session *session) {
    const struct receiver *receiver = &session->receiver;
    struct satsync_serve_event event = {.status = receiver->result,
                                        .step = receiver->manifest.root.step,
                                        .bytes = receiver->received_bytes,
                                        .received = 1,
                                        .finished = 1};
    memcpy(event.peer.bytes, session->peer, sizeof event.peer.bytes);
    snprintf(event.message, sizeof event.message, "%.255s", receiver->error.message);
    put_event(site, &event);
    session->receiver_reported = true;
}

static void report_sent(struct site *site, struct session *session) {
    struct satsync_serve_event event = {.status = session->result,
                                        .step = session->sender.step,
                                        .bytes = session->sender.written_bytes,
                                        .finished = 1};
    memcpy(event.peer.bytes, session->peer, sizeof event.peer.bytes);
    snprintf(event.message, sizeof event.message, "%.255s", session->result_text);
    put_event(site, &event);
    session->has_result = false;
    session->sender_reported = true;
}

void site_transfer_cut(struct site *site, struct session *session) {
    if (!site->role->listens) {
        return;
    }
    if (session->receiving && !session->receiver_reported) {
        session->receiver.result =
            session->down_status == SATSYNC_OK ? SATSYNC_CANCELLED : session->down_status;
        snprintf(session->receiver.error.message, sizeof session->receiver.error.message,
                 "the link closed before all was there; what came is kept for the next push");
        report_received(site, session);
    }
    if (session->sending && !session->sender_reported) {
        bool whole = session->down_status == SATSYNC_OK && session->sender.state == SENDER_SENT;
        session->result = whole                                ? SATSYNC_OK
                          : session->down_status == SATSYNC_OK ? SATSYNC_CANCELLED
                                                               : session->down_status;
        snprintf(session->result_text, sizeof session->result_text, "%s",
                 whole ? "" : "the link closed before all was sent");
        report_sent(site, session);
    }
}

static void serve_turn(struct site *site, uint64_t now_ns) {
    (void)now_ns;
    for (struct session *session = site->sessions; session; session = session->next) {
        if (session->receiving && session->receiver.state == RECEIVER_FINISHED &&
            !session->receiver_reported) {
            report_received(site, session);
        }
        if (session->sending && session->has_result) {
            report_sent(site, session);
        }
        if (session->down) {
            site_transfer_cut(site, session);
        }
    }
}

/* Who may write here is trusted to sign what it writes. */
static enum satsync_status serve_start(struct site *site, struct satsync_error *error) {
    for (size_t i = 0; i < site->peer_count; i++) {
        if (site->peers[i].rights & SATSYNC_RIGHT_WRITE) {
            TRY(satsync_store_trust(site->store, &site->peers[i].key, error));
        }
    }
    return SATSYNC_OK;
}

static const struct site_role serve_role = {
    .start = serve_start, .turn = serve_turn, .thread_name = "satsync-serve", .listens = true};

enum satsync_status satsync_serve(struct satsync_store *store,
                                  const struct satsync_site_options *options,
                                  struct satsync_operation **operation,
                                  struct satsync_error *error) {
    *operation = NULL;
    struct site *site;
    TRY(site_start(store, &serve_role, options, &site, error));
    return site_launch(site, operation, error);
}

/* Only serve's operations have events and an address. */
static struct site *serving(const struct satsync_operation *operation) {
    return operation->work;
}

enum satsync_status satsync_serve_address(const struct satsync_operation *operation, char *out,
                                          size_t bytes) {
    const struct site *site = serving(operation);
    monitor_lock(operation->monitor);
    bool bound = site->listening[0] != '\0';
    snprintf(out, bytes, "%s", site->listening);
    monitor_unlock(operation->monitor);
    return bound ? SATSYNC_OK : SATSYNC_AGAIN;
}

enum satsync_status satsync_serve_next(struct satsync_operation *operation,
                                       struct satsync_serve_event *event) {
    struct site *site = serving(operation);
    monitor_lock(operation->monitor);
    bool got = ring_pop(&site->events, event);
    monitor_unlock(operation->monitor);
    return got ? SATSYNC_OK : SATSYNC_AGAIN;
}
