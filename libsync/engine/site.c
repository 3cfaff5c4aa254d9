#include "engine/site.h"

#include "base/check.h"
#include "base/timers.h"
#include "codec/parity.h"
#include "engine/site_carrier.h"

#include <string.h>

enum {
    TURN_NS = 100000000,     /* progress and cancelling are looked at so often at least */
    CLOSING_NS = 1000000000, /* to tell the peers goodbye */
    RATE_LEAST_BPS = 8000,
};

uint32_t site_rights(const struct site *site, const uint8_t peer[LINK_KEY_BYTES]) {
    for (size_t i = 0; i < site->peer_count; i++) {
        if (memcmp(site->peers[i].key.bytes, peer, LINK_KEY_BYTES) == 0) {
            return site->peers[i].rights;
        }
    }
    return 0;
}

void site_finish(struct site *site, enum satsync_status status, const struct satsync_error *error) {
    if (!site->done) {
        site->done = true;
        site->result = status;
        if (error) {
            site->error = *error;
        }
    }
}

void site_transfer_failed(struct site *site, const struct satsync_error *error) {
    if (!site->role->listens) {
        site_finish(site, error->status, error);
    }
}

enum satsync_status site_connect(struct site *site, struct satsync_error *error) {
    const struct link_target target = {.address = site->address,
                                       .peer_key = site->peers[0].key.bytes,
                                       .rate_bps = site->rate_bps,
                                       .remembered = site->remembered,
                                       .keepalive_ns = site->give_up_ns};
    struct link *link;
    TRY(site->endpoint->ops->connect(site->endpoint, &target, &link, error));
    struct session *session = session_new(site, link);
    if (!session) {
        link->ops->close(link, SATSYNC_NO_MEMORY);
        return error_set(error, SATSYNC_NO_MEMORY, site->address, "out of memory");
    }
    session->next = site->sessions;
    site->sessions = session;
    site->session = session;
    return SATSYNC_OK;
}

static struct session *accept_link(struct site *site, struct link *link) {
    struct session *session = session_new(site, link);
    if (!session) {
        link->ops->close(link, SATSYNC_NO_MEMORY);
        return NULL;
    }
    session->next = site->sessions;
    site->sessions = session;
    return session;
}

static void take_events(struct site *site) {
    struct link_event event;
    while (site->endpoint->ops->poll(site->endpoint, &event)) {
        struct session *session = event.link->user;
        if (!session && event.kind == LINK_EVENT_UP) {
            session = accept_link(site, event.link);
        }
        if (session) {
            session_event(session, &event);
        }
    }
}

/* Steps every session and frees those whose link is down; true when there is more to do at once. */
static bool step_sessions(struct site *site, uint64_t now_ns, uint64_t *deadline_ns) {
    bool any = false;
    for (struct session *session = site->sessions; session; session = session->next) {
        bool more;
        session_step(session, now_ns, &more);
        any |= more;
        uint64_t session_ns = session_deadline(session);
        *deadline_ns = session_ns < *deadline_ns ? session_ns : *deadline_ns;
    }
    return any;
}

static void free_sessions(struct site *site, bool all) {
    struct session **at = &site->sessions;
    while (*at) {
        struct session *session = *at;
        if (session->down || all) {
            *at = session->next;
            if (site->session == session) {
                site->session = NULL;
            }
            session->down = true;
            session_free(session);
        } else {
            at = &session->next;
        }
    }
}

static enum satsync_status open_site_endpoint(struct site *site, struct satsync_error *error) {
    const struct endpoint_request request = {.listen = site->role->listens ? site->address : NULL,
                                             .secret_seed = site->key->seed,
                                             .allowed =
                                                 (const uint8_t(*)[LINK_KEY_BYTES])site->allowed,
                                             .allowed_count = site->peer_count,
                                             .rate_bps = site->rate_bps,
                                             .controller = site->controller,
                                             .limit_bps = site->limit_bps,
                                             .give_up_ns = site->give_up_ns,
                                             .carrier = site->carrier,
                                             .parity = site->parity,
                                             .memory = &site->engine->link_memory,
                                             .allocator = site->engine->allocator,
                                             .log = site->engine->log};
    struct endpoint *endpoint;
    TRY(site->engine->ports.endpoint_open(&request, &endpoint, error));
    struct satsync_operation *operation = site->job.operation;
    monitor_lock(operation->monitor);
    site->endpoint = endpoint;
    if (site->role->listens) {
        endpoint->ops->local(endpoint, site->listening, sizeof site->listening);
    }
    monitor_wake_all(operation->monitor);
    monitor_unlock(operation->monitor);
    return SATSYNC_OK;
}

static void begin_closing(struct site *site, uint64_t now_ns) {
    enum satsync_status why = site->result == SATSYNC_OK ? SATSYNC_OK : SATSYNC_CANCELLED;
    for (struct session *session = site->sessions; session; session = session->next) {
        session_close(session, why);
    }
    site->closing = true;
    site->closing_until_ns = now_ns + CLOSING_NS;
}

static void close_endpoint(struct site *site) {
    struct endpoint *endpoint = site->endpoint;
    if (!endpoint) {
        return;
    }
    struct satsync_operation *operation = site->job.operation;
    monitor_lock(operation->monitor);
    site->endpoint = NULL;
    monitor_unlock(operation->monitor);
    endpoint->ops->close(endpoint);
    free_sessions(site, true); /* their links went with the endpoint */
}

static void work(struct site *site, uint64_t now_ns, uint64_t *deadline_ns) {
    bool more = step_sessions(site, now_ns, deadline_ns);
    if (operation_cancelled(site->job.operation)) {
        struct satsync_error error;
        error_set(&error, SATSYNC_CANCELLED, site->address, "cancelled");
        site_finish(site, SATSYNC_CANCELLED, &error);
    }
    site->role->turn(site, now_ns);
    *deadline_ns = more ? now_ns : *deadline_ns;
}

/* One turn; false when all is said and closed. *deadline_ns: when the next is due at the latest. */
static bool turn(struct site *site, uint64_t *deadline_ns) {
    take_events(site);
    uint64_t now_ns = site->endpoint->ops->now_ns(site->endpoint);
    *deadline_ns = now_ns + TURN_NS;
    if (!site->done) {
        work(site, now_ns, deadline_ns);
    }
    free_sessions(site, false);
    if (site->done && !site->closing) {
        /* Goodbye on every link, for a bounded time; slices come back meanwhile. */
        begin_closing(site, now_ns);
        *deadline_ns = now_ns;
    } else if (site->closing && (!site->sessions || now_ns >= site->closing_until_ns)) {
        close_endpoint(site);
        return false;
    }
    return true;
}

static enum satsync_status open_and_start(struct site *site, struct satsync_error *error) {
    TRY(open_site_endpoint(site, error));
    enum satsync_status status = site->role->start(site, error);
    if (status != SATSYNC_OK) {
        site_finish(site, status, error);
    }
    return SATSYNC_OK;
}

static enum satsync_status site_run(struct job *job, struct satsync_error *error) {
    struct site *site = (struct site *)job;
    TRY(open_and_start(site, error));
    uint64_t deadline_ns;
    while (turn(site, &deadline_ns)) {
        if (deadline_ns > site->endpoint->ops->now_ns(site->endpoint)) {
            site->endpoint->ops->wait(site->endpoint, deadline_ns);
        }
    }
    *error = site->error;
    return site->result;
}

/* On an emulated link `wait` does not block: it tells the simulator when this end is due. */
static enum satsync_status site_poll(struct job *job, struct satsync_error *error) {
    struct site *site = (struct site *)job;
    if (!site->endpoint) {
        TRY(open_and_start(site, error));
    }
    uint64_t deadline_ns;
    if (turn(site, &deadline_ns)) {
        site->endpoint->ops->wait(site->endpoint, deadline_ns);
        return SATSYNC_AGAIN;
    }
    *error = site->error;
    return site->result;
}

static void site_abandon(struct job *job) {
    close_endpoint((struct site *)job);
}

static void site_wake(struct job *job) {
    struct site *site = (struct site *)job;
    monitor_lock(job->operation->monitor);
    if (site->endpoint) {
        site->endpoint->ops->wake(site->endpoint);
    }
    monitor_unlock(job->operation->monitor);
}

static void site_free(struct job *job) {
    struct site *site = (struct site *)job;
    const struct allocator *allocator = site->engine->allocator;
    close_endpoint(site);
    assert(!site->sessions);
    satsync_store_close(site->store);
    parity_close(site->parity);
    ring_fini(&site->events);
    memory_free(allocator, site->address);
    memory_free(allocator, site->peers);
    memory_free(allocator, site->allowed);
    memory_free(allocator, site);
}

static const enum link_controller CONTROLLERS[] = {
    [SATSYNC_CONTROLLER_AUTO] = LINK_CONTROLLER_AUTO,
    [SATSYNC_CONTROLLER_RATED] = LINK_CONTROLLER_RATED,
    [SATSYNC_CONTROLLER_MODEL] = LINK_CONTROLLER_MODEL,
    [SATSYNC_CONTROLLER_CUBIC] = LINK_CONTROLLER_CUBIC,
    [SATSYNC_CONTROLLER_SCAVENGER] = LINK_CONTROLLER_SCAVENGER};

enum { CONTROLLER_COUNT = sizeof CONTROLLERS / sizeof CONTROLLERS[0] };

static enum satsync_status copy_options(struct site *site,
                                        const struct satsync_site_options *options) {
    const struct allocator *allocator = site->engine->allocator;
    struct satsync_peer one = {options->peer, SATSYNC_RIGHT_READ | SATSYNC_RIGHT_WRITE};
    const struct satsync_peer *peers = site->role->listens ? options->peers : &one;
    site->peer_count = site->role->listens ? options->peer_count : 1;
    site->address = memory_string(allocator, options->address);
    site->peers = memory_new(allocator, site->peer_count, sizeof *site->peers);
    site->allowed = memory_new(allocator, site->peer_count, sizeof *site->allowed);
    if (!site->address || !site->peers || !site->allowed) {
        return SATSYNC_NO_MEMORY;
    }
    for (size_t i = 0; i < site->peer_count; i++) {
        site->peers[i] = peers[i];
        memcpy(site->allowed[i], peers[i].key.bytes, LINK_KEY_BYTES);
    }
    site->parity = parity_open(allocator);
    if (!site->parity) {
        return SATSYNC_NO_MEMORY;
    }
    site->key = key_site(options->key);
    site->rate_bps = options->rate_bps;
    site->limit_bps = options->limit_bps;
    site->controller = CONTROLLERS[options->controller];
    site->give_up_ns = options->give_up_ns ? options->give_up_ns : 600000000000;
    site->carrier = options->carrier;
    site->retry_ns = TIME_NEVER;
    return ring_init(&site->events, SITE_EVENTS, sizeof(struct satsync_serve_event), allocator);
}

static enum satsync_status read_options(const struct satsync_site_options *given, bool listens,
                                        struct satsync_site_options *options,
                                        struct satsync_error *error) {
    satsync_site_options_init(options);
    TRY(options_size_check(given, given->size, sizeof *options, "site options", error));
    memcpy(options, given, given->size < sizeof *options ? given->size : sizeof *options);
    ENSURE(options->key, error, SATSYNC_INVALID, "key", "a site needs its key to be known by");
    ENSURE(options->address && *options->address, error, SATSYNC_INVALID, "address",
           "give HOST:PORT");
    ENSURE(options->limit_bps == 0 || options->limit_bps >= RATE_LEAST_BPS, error, SATSYNC_INVALID,
           "limit", "is %llu bits a second; give at least %d, or 0 for no limit",
           (unsigned long long)options->limit_bps, RATE_LEAST_BPS);
    ENSURE((unsigned)options->controller < CONTROLLER_COUNT, error, SATSYNC_UNSUPPORTED,
           "controller", "there is none of number %d here", (int)options->controller);
    ENSURE(options->controller != SATSYNC_CONTROLLER_RATED || options->rate_bps >= RATE_LEAST_BPS,
           error, SATSYNC_INVALID, "rate",
           "is %llu bits a second; to pace at a rate, give one of at least %d",
           (unsigned long long)options->rate_bps, RATE_LEAST_BPS);
    ENSURE(!listens || options->peer_count > 0, error, SATSYNC_INVALID, "allow",
           "name at least one peer that may connect; nobody is let in by default");
    return SATSYNC_OK;
}

enum satsync_status site_start(struct satsync_store *store, const struct site_role *role,
                               const struct satsync_site_options *given, struct site **result,
                               struct satsync_error *error) {
    *result = NULL;
    engine_check_process(store->engine);
    struct satsync_site_options options;
    TRY(read_options(given, role->listens, &options, error));
    TRY(site_carrier_find(store->engine, role->listens, &options, error));
    ENSURE(store->engine->manual == (options.carrier != NULL), error, SATSYNC_UNSUPPORTED, "engine",
           store->engine->manual
               ? "over UDP the exchange needs a thread; open an engine that is not "
                 "manual"
               : "an emulated link has its own time; open a manual engine and "
                 "poll it");
    struct site *site = memory_new(store->engine->allocator, 1, sizeof *site);
    ENSURE(site, error, SATSYNC_NO_MEMORY, "site", "out of memory");
    site->engine = store->engine;
    site->role = role;
    site->job = (struct job){.run = site_run,
                             .poll = site_poll,
                             .abandon = site_abandon,
                             .free = site_free,
                             .wake = site_wake};
    enum satsync_status status = copy_options(site, &options);
    if (status != SATSYNC_OK) {
        error_set(error, status, "site", "out of memory");
    } else {
        status = store_duplicate(store, &site->store, error);
    }
    if (status != SATSYNC_OK) {
        site_free(&site->job);
        return status;
    }
    *result = site;
    return SATSYNC_OK;
}

enum satsync_status site_launch(struct site *site, struct satsync_operation **operation,
                                struct satsync_error *error) {
    return job_start(site->engine, &site->job, site->role->thread_name, operation, error);
}
