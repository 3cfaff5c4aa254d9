#include "transport/link/endpoint.h"

#include "base/check.h"
#include "base/random.h"
#include "base/timers.h"
#include "transport/link/door.h"
#include "transport/link/endpoint_link.h"

#include <string.h>

#define HANDSHAKE_NS (10 * UINT64_C(1000000000))
/* How long a link that ended may still try to tell its peer. */
#define FAREWELL_NS UINT64_C(1000000000)

enum {
    MAX_LINKS = 64,
    MAX_HALF_OPEN = 16,
    HANDSHAKES_PER_S = 200,
    /* A session's own struct and its handshake. */
    LINK_ITSELF_BYTES = sizeof(struct endpoint_link) + sizeof(struct handshake),
    /* Datagrams received before sessions get to send: acknowledgements must not wait for a lull. */
    RECEIVED_A_TURN = 64
};

/* An endpoint with all its links. */
struct hub {
    struct endpoint endpoint; /* first */
    struct endpoint_options options;
    struct handshake_site keys;
    struct handshake_peer *peers;
    struct wan_options wan; /* what all links have in common */
    struct endpoint_host host;
    struct door door;
    struct random random; /* tests */
    struct endpoint_link *sessions;
    struct endpoint_link *active; /* its events are handed out next */
    struct endpoint_link *scan;   /* then those of this one and all after it */
    unsigned received;            /* datagrams since sessions last sent */
    struct endpoint_counters counters;
};

static void hub_random(struct hub *hub, void *out, size_t bytes) {
    if (hub->options.random_seed) {
        random_bytes(&hub->random, out, bytes);
    } else {
        noise_random(out, bytes);
    }
}

static uint64_t hub_random_u64(struct hub *hub) {
    uint64_t value;
    hub_random(hub, &value, sizeof value);
    return value;
}

/* Ends accepted links whose peer never came back. */
static void hub_expire(struct hub *hub, struct endpoint_link *session) {
    if (hub->host.pump.now_ns - session->began_ns > hub->options.handshake_ns &&
        endpoint_link_is_half_open(session)) {
        session->link.ops->close(&session->link, SATSYNC_TIMED_OUT);
    }
}

static bool link_is_over(struct endpoint_link *session) {
    struct pump *pump = &session->host->pump;
    return session->ended &&
           (pump_flush(pump, &session->route) || pump->now_ns - session->ended_ns > FAREWELL_NS);
}

/* Frees links that ended and have said so. Only between turns, when nobody holds a session. */
static void hub_sweep(struct hub *hub) {
    assert(!hub->active && !hub->scan);
    for (struct endpoint_link **at = &hub->sessions; *at;) {
        struct endpoint_link *session = *at;
        hub_expire(hub, session);
        if (link_is_over(session)) {
            *at = session->next;
            endpoint_link_free(session);
            hub->counters.links--;
        } else {
            at = &session->next;
        }
    }
}

static size_t hub_half_open(const struct hub *hub) {
    size_t count = 0;
    for (const struct endpoint_link *session = hub->sessions; session; session = session->next) {
        count += endpoint_link_is_half_open(session);
    }
    return count;
}

/* Makes the session's wan; frees the session on failure. */
static enum satsync_status hub_add(struct hub *hub, struct endpoint_link *session,
                                   struct wan_options *options, struct satsync_error *error) {
    options->seed = hub_random_u64(hub);
    enum satsync_status status = endpoint_link_start(session, options, error);
    if (status != SATSYNC_OK) {
        endpoint_link_free(session);
        return status;
    }
    session->next = hub->sessions;
    hub->sessions = session;
    hub->counters.links++;
    return SATSYNC_OK;
}

static void hub_let_in(struct hub *hub, const struct handshake_answer *answer,
                       const struct pump_stranger *stranger) {
    struct satsync_error error;
    const struct net_address *peer = &stranger->peer;
    struct endpoint_link *session = endpoint_link_new(&hub->host, peer);
    if (!session) {
        endpoint_link_log(&hub->host, LOG_WARNING, peer, "no memory to let it in");
        return;
    }
    session->route.session = answer->secrets.session;
    struct wan_options options = hub->wan;
    options.answer = answer;
    if (hub_add(hub, session, &options, &error) != SATSYNC_OK) {
        endpoint_link_log(&hub->host, LOG_WARNING, peer, error.message);
        return;
    }
    hub->counters.accepted++;
    /* The session counts what it received, for it may only answer with so much more. */
    wan_recv(session->route.wan, hub->host.pump.now_ns, stranger->data, stranger->bytes);
}

static void hub_meet(struct hub *hub, const struct pump_stranger *stranger) {
    struct handshake_answer answer;
    struct door_knock knock = {.datagram = stranger->data,
                               .bytes = stranger->bytes,
                               .peer = &stranger->peer,
                               .now_ns = hub->host.pump.now_ns,
                               .half_open = hub_half_open(hub),
                               .full = hub->counters.links >= hub->options.max_links ||
                                       !budget_has(hub->host.memory, hub->host.link_bytes)};
    if (stranger->data[0] == DATAGRAM_HELLO) {
        hub_random(hub, knock.seed, sizeof knock.seed);
    }
    hub->counters.strangers++;
    door_answer(&hub->door, &knock, &answer);
    noise_wipe(knock.seed, sizeof knock.seed);
    if (answer.accepted) {
        hub_let_in(hub, &answer, stranger);
    } else if (answer.bytes > 0) {
        hub->counters.answered++;
        pump_reply(&hub->host.pump, &stranger->peer, answer.datagram, answer.bytes);
    }
    noise_wipe(&answer, sizeof answer);
}

static bool hub_waiting_event(struct hub *hub, struct link_event *event) {
    for (;;) {
        if (hub->active && endpoint_link_event(hub->active, event)) {
            return true;
        }
        hub->active = hub->scan;
        if (!hub->active) {
            return false;
        }
        hub->scan = hub->active->next;
    }
}

static void hub_turn(struct hub *hub) {
    hub_sweep(hub);
    pump_send(&hub->host.pump);
    hub->received = 0;
    hub->scan = hub->sessions;
}

static struct endpoint_link *link_of_route(struct pump_route *route) {
    return (struct endpoint_link *)((char *)route - offsetof(struct endpoint_link, route));
}

static bool hub_poll(struct endpoint *endpoint, struct link_event *event) {
    struct hub *hub = (struct hub *)endpoint;
    struct pump_route *route;
    struct pump_stranger stranger;
    bool is_last_round = false;
    for (;;) {
        if (hub_waiting_event(hub, event)) {
            /* What a letter asks for may take long: first its acknowledgement leaves, which tells
             * the peer how long the way is. */
            if (event->kind == LINK_EVENT_RECEIVED && event->class == LINK_CONTROL) {
                pump_send(&hub->host.pump);
            }
            return true;
        }
        if (hub->received >= RECEIVED_A_TURN) {
            hub_turn(hub);
            continue;
        }
        switch (pump_receive(&hub->host.pump, &route, &stranger)) {
        case PUMP_SESSION:
            hub->received++;
            hub->active = link_of_route(route);
            continue;
        case PUMP_STRANGER:
            hub->received++;
            hub_meet(hub, &stranger);
            continue;
        case PUMP_NOTHING:
            break;
        }
        if (is_last_round) {
            return false;
        }
        is_last_round = true;
        hub_turn(hub);
    }
}

static enum satsync_status hub_greet(struct hub *hub, struct endpoint_link *session,
                                     const struct link_target *target,
                                     struct satsync_error *error) {
    uint8_t parameters[HANDSHAKE_PARAMETERS];
    struct handshake_options options = {.site = &hub->keys,
                                        .parameters = parameters,
                                        .parameter_bytes = wan_parameters(&hub->wan, parameters),
                                        .session = hub_random_u64(hub),
                                        .without_aes = hub->options.without_aes};
    TRY(handshake_peer_of(&options.peer, target->peer_key, error));
    hub_random(hub, options.seed, sizeof options.seed);
    enum satsync_status status = endpoint_link_begin(session, &options, error);
    noise_wipe(&options, sizeof options);
    return status;
}

static enum satsync_status hub_connect(struct endpoint *endpoint, const struct link_target *target,
                                       struct link **link, struct satsync_error *error) {
    struct hub *hub = (struct hub *)endpoint;
    struct net_address peer;
    *link = NULL;
    ENSURE(hub->counters.links < hub->options.max_links, error, SATSYNC_LIMIT, target->address,
           "%zu links are open, which is the limit; close one first", hub->counters.links);
    ENSURE(budget_has(hub->host.memory, hub->host.link_bytes), error, SATSYNC_LIMIT,
           target->address,
           "one more link may need %llu MiB, more than is left for links; close one, or allow them "
           "more memory",
           (unsigned long long)(hub->host.link_bytes >> 20));
    TRY(hub->options.net->ops->resolve(hub->options.net, target->address, &peer, error));
    struct endpoint_link *session = endpoint_link_new(&hub->host, &peer);
    ENSURE(session, error, SATSYNC_NO_MEMORY, target->address, "no memory for one more link");
    enum satsync_status status = hub_greet(hub, session, target, error);
    if (status != SATSYNC_OK) {
        endpoint_link_free(session);
        return status;
    }
    struct wan_options options = hub->wan;
    if (target->rate_bps) {
        options.rate_bps = target->rate_bps;
    }
    options.remembered = target->remembered;
    if (target->controller != LINK_CONTROLLER_AUTO) {
        options.controller = target->controller;
    }
    if (target->keepalive_ns) {
        options.keepalive_ns = target->keepalive_ns;
    }
    TRY(hub_add(hub, session, &options, error));
    *link = &session->link;
    return SATSYNC_OK;
}

static void hub_wait(struct endpoint *endpoint, uint64_t until_ns) {
    struct hub *hub = (struct hub *)endpoint;
    /* Half-open links and farewells end by the clock alone. */
    for (const struct endpoint_link *session = hub->sessions; session; session = session->next) {
        uint64_t end_ns = TIME_NEVER;
        if (session->ended) {
            end_ns = session->ended_ns + FAREWELL_NS + 1;
        } else if (endpoint_link_is_half_open(session)) {
            end_ns = session->began_ns + hub->options.handshake_ns + 1;
        }
        until_ns = end_ns < until_ns ? end_ns : until_ns;
    }
    pump_wait(&hub->host.pump, until_ns);
}

static void hub_wake(struct endpoint *endpoint) {
    struct net *net = ((struct hub *)endpoint)->options.net;
    net->ops->wake(net);
}

static uint64_t hub_now(struct endpoint *endpoint) {
    return pump_now(&((struct hub *)endpoint)->host.pump);
}

static void hub_local(struct endpoint *endpoint, char *out, size_t bytes) {
    struct net *net = ((struct hub *)endpoint)->options.net;
    struct net_address address;
    net->ops->local(net, &address);
    net->ops->format(net, &address, out, bytes);
}

static void hub_free(struct hub *hub) {
    handshake_site_wipe(&hub->keys);
    door_wipe(&hub->door);
    memory_free(hub->options.allocator, hub->peers);
    memory_free(hub->options.allocator, hub);
}

static void hub_close(struct endpoint *endpoint) {
    struct hub *hub = (struct hub *)endpoint;
    struct net *net = hub->options.net;
    pump_now(&hub->host.pump);
    while (hub->sessions) {
        struct endpoint_link *session = hub->sessions;
        hub->sessions = session->next;
        session->link.ops->close(&session->link, SATSYNC_CANCELLED);
        pump_flush(&hub->host.pump, &session->route);
        endpoint_link_free(session);
    }
    pump_fini(&hub->host.pump);
    hub_free(hub);
    net->ops->close(net);
}

static const struct endpoint_ops hub_ops = {.connect = hub_connect,
                                            .poll = hub_poll,
                                            .wait = hub_wait,
                                            .wake = hub_wake,
                                            .now_ns = hub_now,
                                            .local = hub_local,
                                            .close = hub_close};

static uint64_t or_default(uint64_t value, uint64_t fallback) {
    return value ? value : fallback;
}

static enum satsync_status hub_learn_peers(struct hub *hub, struct satsync_error *error) {
    const struct endpoint_options *options = &hub->options;
    ENSURE(!options->accept || options->peer_count > 0, error, SATSYNC_INVALID, NULL,
           "no key is allowed in; name at least one peer's public key");
    hub->peers = memory_new(options->allocator, options->peer_count, sizeof *hub->peers);
    ENSURE(hub->peers, error, SATSYNC_NO_MEMORY, NULL, "no memory for the list of peers");
    for (size_t i = 0; i < options->peer_count; i++) {
        TRY(handshake_peer_of(&hub->peers[i], options->peers[i], error));
    }
    return SATSYNC_OK;
}

static void hub_set_options(struct hub *hub, const struct endpoint_options *given) {
    struct endpoint_options *options = &hub->options;
    *options = *given;
    options->seed = NULL;
    options->max_links = (size_t)or_default(options->max_links, MAX_LINKS);
    options->max_half_open = (size_t)or_default(options->max_half_open, MAX_HALF_OPEN);
    options->handshakes_per_s = (uint32_t)or_default(options->handshakes_per_s, HANDSHAKES_PER_S);
    options->handshake_ns = or_default(options->handshake_ns, HANDSHAKE_NS);
    size_t datagram = options->net->ops->max_datagram_bytes(options->net);
    if (datagram > WAN_DATAGRAM_BYTES_DEFAULT) {
        datagram = WAN_DATAGRAM_BYTES_DEFAULT;
    }
    hub->wan = (struct wan_options){.allocator = options->allocator,
                                    .parity = options->parity,
                                    .controller = options->controller,
                                    .rate_bps = options->rate_bps,
                                    .max_datagram_bytes =
                                        (size_t)or_default(options->max_datagram_bytes, datagram),
                                    .keepalive_ns = options->keepalive_ns,
                                    .initial_rtt_ns = options->initial_rtt_ns,
                                    .receive_window_bytes = options->window_bytes};
    memcpy(hub->wan.limit_bps, options->limit_bps, sizeof hub->wan.limit_bps);
}

enum satsync_status endpoint_open(const struct endpoint_options *options, struct endpoint **out,
                                  struct satsync_error *error) {
    *out = NULL;
    struct hub *hub = memory_new(options->allocator, 1, sizeof *hub);
    ENSURE(hub, error, SATSYNC_NO_MEMORY, NULL, "no memory for an endpoint");
    hub->endpoint.ops = &hub_ops;
    hub_set_options(hub, options);
    hub->random = random_of(options->random_seed, 0);
    handshake_site_of_seed(&hub->keys, options->seed);
    enum satsync_status status = hub_learn_peers(hub, error);
    if (status != SATSYNC_OK) {
        hub_free(hub);
        return status;
    }
    hub->host = (struct endpoint_host){.allocator = options->allocator,
                                       .log = options->log,
                                       .memory = options->memory,
                                       .link_bytes = wan_memory_bytes(&hub->wan) +
                                                     PUMP_BATCH_BYTES + LINK_ITSELF_BYTES};
    pump_init(&hub->host.pump, options->net, hub_random_u64(hub), options->allocator);
    struct door_options door = {.site = &hub->keys,
                                .peers = hub->peers,
                                .peer_count = options->peer_count,
                                .accept = options->accept,
                                .without_aes = options->without_aes,
                                .max_half_open = hub->options.max_half_open,
                                .handshakes_per_s = hub->options.handshakes_per_s,
                                .wan = &hub->wan};
    hub_random(hub, door.seed, sizeof door.seed);
    door_init(&hub->door, &door, pump_now(&hub->host.pump));
    noise_wipe(door.seed, sizeof door.seed);
    *out = &hub->endpoint;
    return SATSYNC_OK;
}

void endpoint_counters(struct endpoint *endpoint, struct endpoint_counters *counters) {
    const struct hub *hub = (const struct hub *)endpoint;
    *counters = hub->counters;
    counters->half_open = hub_half_open(hub);
    for (const struct endpoint_link *session = hub->sessions; session; session = session->next) {
        counters->moves += session->route.moves;
    }
}
