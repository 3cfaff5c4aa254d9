#include "transport/link/endpoint_link.h"

#include "base/check.h"

enum { ADDRESS_BYTES = 64 };

void endpoint_link_log(const struct endpoint_host *host, enum log_level level,
                       const struct net_address *address, const char *what) {
    char text[ADDRESS_BYTES];
    host->pump.net->ops->format(host->pump.net, address, text, sizeof text);
    log_line(host->log, level, "link", "%s: %s", text, what);
}

bool endpoint_link_is_half_open(const struct endpoint_link *session) {
    return !session->route.initiator && !session->ended && !wan_is_confirmed(session->route.wan);
}

static enum satsync_status
endpoint_link_submit(struct link *link, const struct link_message *message, uint64_t *number) {
    struct endpoint_link *session = (struct endpoint_link *)link;
    if (session->ended) {
        return SATSYNC_WRONG_STATE;
    }
    return wan_submit(session->route.wan, pump_now(&session->host->pump), message, number);
}

static enum satsync_status endpoint_link_write(struct link *link, uint64_t message,
                                               const struct link_slice *slice) {
    struct endpoint_link *session = (struct endpoint_link *)link;
    return session->ended ? SATSYNC_WRONG_STATE : wan_write(session->route.wan, message, slice);
}

static void endpoint_link_release(struct link *link, uint64_t bytes) {
    struct endpoint_link *session = (struct endpoint_link *)link;
    wan_release(session->route.wan, bytes);
}

static void endpoint_link_stats(struct link *link, struct link_stats *stats) {
    struct endpoint_link *session = (struct endpoint_link *)link;
    wan_stats(session->route.wan, pump_now(&session->host->pump), stats);
}

static void endpoint_link_close(struct link *link, enum satsync_status why) {
    struct endpoint_link *session = (struct endpoint_link *)link;
    if (!session->ended) {
        wan_close(session->route.wan, pump_now(&session->host->pump), why);
    }
}

static const struct link_ops endpoint_link_ops = {.submit = endpoint_link_submit,
                                                  .write = endpoint_link_write,
                                                  .release = endpoint_link_release,
                                                  .stats = endpoint_link_stats,
                                                  .close = endpoint_link_close};

struct endpoint_link *endpoint_link_new(struct endpoint_host *host,
                                        const struct net_address *peer) {
    if (!budget_take(host->memory, host->link_bytes)) {
        return NULL;
    }
    struct endpoint_link *session = memory_new(host->allocator, 1, sizeof *session);
    if (!session) {
        budget_give(host->memory, host->link_bytes);
        return NULL;
    }
    session->link.ops = &endpoint_link_ops;
    session->host = host;
    session->began_ns = pump_now(&host->pump);
    session->route.peer = *peer;
    return session;
}

enum satsync_status endpoint_link_begin(struct endpoint_link *session,
                                        const struct handshake_options *options,
                                        struct satsync_error *error) {
    session->route.initiator = true;
    session->route.session = options->session;
    session->handshake = memory_new(session->host->allocator, 1, sizeof *session->handshake);
    ENSURE(session->handshake, error, SATSYNC_NO_MEMORY, NULL, "no memory for one more link");
    return handshake_begin(session->handshake, options, error);
}

enum satsync_status endpoint_link_start(struct endpoint_link *session, struct wan_options *options,
                                        struct satsync_error *error) {
    options->handshake = session->handshake;
    TRY(wan_new(options, &session->route.wan, error));
    enum satsync_status status = pump_add(&session->host->pump, &session->route);
    ENSURE(status == SATSYNC_OK, error, status, NULL, "one more link cannot be kept: %s",
           satsync_status_name(status));
    return SATSYNC_OK;
}

static void endpoint_link_drop_handshake(struct endpoint_link *session) {
    if (session->handshake) {
        handshake_wipe(session->handshake);
        memory_free(session->host->allocator, session->handshake);
        session->handshake = NULL;
    }
}

void endpoint_link_free(struct endpoint_link *session) {
    if (session->route.batch.data) {
        pump_remove(&session->host->pump, &session->route);
    }
    /* The wan before the handshake that it borrows. */
    if (session->route.wan) {
        wan_free(session->route.wan);
    }
    endpoint_link_drop_handshake(session);
    struct endpoint_host *host = session->host;
    memory_free(host->allocator, session);
    budget_give(host->memory, host->link_bytes);
}

static void endpoint_link_log_end(const struct endpoint_link *session, enum satsync_status status) {
    const struct endpoint_host *host = session->host;
    if (session->handshake && session->handshake->failure.status != SATSYNC_OK) {
        endpoint_link_log(host, LOG_ERROR, &session->route.peer,
                          session->handshake->failure.message);
    } else {
        bool wanted = status == SATSYNC_OK || status == SATSYNC_CANCELLED;
        endpoint_link_log(host, wanted ? LOG_INFO : LOG_WARNING, &session->route.peer,
                          satsync_status_name(status));
    }
}

bool endpoint_link_event(struct endpoint_link *session, struct link_event *event) {
    if (session->ended || !wan_event(session->route.wan, event)) {
        return false;
    }
    event->link = &session->link;
    if (event->kind == LINK_EVENT_UP) {
        endpoint_link_drop_handshake(session);
        endpoint_link_log(session->host, LOG_INFO, &session->route.peer, "link is up");
    }
    if (event->kind == LINK_EVENT_DOWN) {
        endpoint_link_log_end(session, event->status);
        endpoint_link_end(session);
    }
    return true;
}

void endpoint_link_end(struct endpoint_link *session) {
    session->ended = true;
    session->ended_ns = session->host->pump.now_ns;
}
