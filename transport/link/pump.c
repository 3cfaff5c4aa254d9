#include "transport/link/pump.h"

#include "base/bytes.h"
#include "base/timers.h"
#include "transport/wan/handshake.h"

#include <assert.h>
#include <string.h>

/* How long a net that refused a batch is left alone when it doesn't say when it is ready. */
#define BLOCKED_WAIT_NS UINT64_C(1000000)

/* Rounds of one pump_send; a session with a full pipe must not keep the others from receiving. */
enum { SEND_ROUNDS = 4 };

/* Of transport/wan/packet.h: the low 32 bits of the packet's number. */
enum { PACKET_NUMBER_AT = 9, PACKET_HEADER_BYTES = 13 };

void pump_init(struct pump *pump, struct net *net, uint64_t secret,
               const struct allocator *allocator) {
    *pump = (struct pump){.net = net, .secret = secret, .allocator = allocator};
    map_init(&pump->routes, allocator);
    pump_now(pump);
}

void pump_fini(struct pump *pump) {
    assert(!pump->first);
    map_fini(&pump->routes);
}

uint64_t pump_now(struct pump *pump) {
    uint64_t now_ns = pump->net->ops->now_ns(pump->net);
    if (now_ns > pump->now_ns) {
        pump->now_ns = now_ns;
    }
    return pump->now_ns;
}

/* One map holds both directions, so that a site may have a session with itself. The multiplication
 * is by an odd number, so that different sessions never share a key. */
static uint64_t route_key(const struct pump *pump, uint64_t session, bool initiator) {
    uint64_t flipped = initiator ? ~session : session;
    return (flipped ^ pump->secret) * ((pump->secret << 1) | 1);
}

enum satsync_status pump_add(struct pump *pump, struct pump_route *route) {
    uint64_t key = route_key(pump, route->session, route->initiator);
    if (map_get(&pump->routes, key)) {
        return SATSYNC_CONFLICT;
    }
    route->batch = (struct wan_batch){.capacity = PUMP_BATCH_BYTES};
    route->batch.data = memory_new(pump->allocator, 1, PUMP_BATCH_BYTES);
    if (!route->batch.data) {
        return SATSYNC_NO_MEMORY;
    }
    enum satsync_status status = map_set(&pump->routes, key, (uint64_t)(uintptr_t)route);
    if (status != SATSYNC_OK) {
        memory_free(pump->allocator, route->batch.data);
        route->batch.data = NULL;
        return status;
    }
    route->holds = false;
    route->previous = NULL;
    route->next = pump->first;
    if (pump->first) {
        pump->first->previous = route;
    }
    pump->first = route;
    return SATSYNC_OK;
}

void pump_remove(struct pump *pump, struct pump_route *route) {
    bool was_there = map_remove(&pump->routes, route_key(pump, route->session, route->initiator));
    assert(was_there);
    (void)was_there;
    if (route->previous) {
        route->previous->next = route->next;
    } else {
        pump->first = route->next;
    }
    if (route->next) {
        route->next->previous = route->previous;
    }
    memory_free(pump->allocator, route->batch.data);
    route->batch.data = NULL;
}

static struct pump_route *route_of(const struct pump *pump, const struct datagram_peek *peek) {
    uint64_t *value = map_get(&pump->routes, route_key(pump, peek->session, !peek->by_initiator));
    return value ? (struct pump_route *)(uintptr_t)*value : NULL;
}

/* Datagrams that the session did not believe. */
static uint64_t unbelieved(const struct wan *wan) {
    struct wan_counters counters;
    wan_counters(wan, &counters);
    return counters.foreign_version + counters.not_for_us + counters.forged + counters.replayed +
           counters.malformed;
}

static void route_move(struct pump_route *route, const struct net_address *peer, size_t bytes) {
    bool returns = wan_is_on_trial(route->wan) && net_address_equal(&route->proven, peer);
    if (!wan_is_on_trial(route->wan)) {
        route->proven = route->peer;
    }
    route->peer = *peer;
    route->moves++;
    wan_peer_moved(route->wan, bytes, returns);
}

/* The peer may have moved (a NAT gave it another port, a terminal another address). Only a packet
 * that it alone can have made says so, never a handshake datagram, which anyone may repeat; and
 * not one that is older than the last move, come late over the former address. */
static void route_take_from_elsewhere(struct pump *pump, struct pump_route *route, uint8_t *data,
                                      size_t bytes) {
    if (data[0] >= 0x80 || bytes < PACKET_HEADER_BYTES) {
        wan_recv(route->wan, pump->now_ns, data, bytes);
        return;
    }
    uint32_t number = load_le32(data + PACKET_NUMBER_AT);
    uint64_t before = unbelieved(route->wan);
    wan_recv(route->wan, pump->now_ns, data, bytes);
    bool is_newer = route->moves == 0 || number - route->moved_at < UINT32_C(1) << 31;
    if (unbelieved(route->wan) == before && is_newer) {
        route_move(route, &pump->received.peer, bytes);
        route->moved_at = number;
    }
}

static void route_take(struct pump *pump, struct pump_route *route, uint8_t *data, size_t bytes) {
    if (!net_address_equal(&route->peer, &pump->received.peer)) {
        route_take_from_elsewhere(pump, route, data, bytes);
        return;
    }
    bool on_trial = wan_is_on_trial(route->wan);
    uint64_t before = on_trial ? unbelieved(route->wan) : 0;
    wan_recv(route->wan, pump->now_ns, data, bytes);
    if (on_trial && unbelieved(route->wan) == before) {
        wan_allow_on_trial(route->wan, bytes);
    }
}

static bool next_datagram(struct pump *pump, uint8_t **data, size_t *bytes) {
    struct net_batch *batch = &pump->received;
    while (pump->at >= batch->bytes) {
        pump->at = 0;
        batch->bytes = 0;
        if (!pump->net->ops->receive(pump->net, batch)) {
            batch->bytes = 0;
            return false;
        }
        assert(batch->segment_bytes > 0);
        pump_now(pump);
    }
    size_t left = batch->bytes - pump->at;
    *data = batch->data + pump->at;
    *bytes = left < batch->segment_bytes ? left : batch->segment_bytes;
    pump->at += *bytes;
    return true;
}

enum pump_step pump_receive(struct pump *pump, struct pump_route **route,
                            struct pump_stranger *stranger) {
    uint8_t *data;
    size_t bytes;
    struct datagram_peek peek;
    while (next_datagram(pump, &data, &bytes)) {
        if (!datagram_peek(data, bytes, &peek)) {
            continue;
        }
        *route = route_of(pump, &peek);
        if (*route) {
            route_take(pump, *route, data, bytes);
            return PUMP_SESSION;
        }
        *stranger =
            (struct pump_stranger){.data = data, .bytes = bytes, .peer = pump->received.peer};
        return PUMP_STRANGER;
    }
    return PUMP_NOTHING;
}

/* False when the batch has to wait: for its time, or for the net. */
static bool route_send_held(struct pump *pump, struct pump_route *route) {
    if (route->batch.departure_ns > pump->now_ns) {
        return false;
    }
    const struct net_batch batch = {.data = route->batch.data,
                                    .bytes = route->batch.bytes,
                                    .segment_bytes = route->batch.segment_bytes,
                                    .peer = route->held_for,
                                    .time_ns = pump->now_ns};
    if (pump->net->ops->send(pump->net, &batch) == SATSYNC_AGAIN) {
        pump->blocked = true;
        return false;
    }
    /* Any other failure is loss on this path, which the session finds out and repairs. */
    route->holds = false;
    return true;
}

/* True when a batch left, so that another may follow. */
static bool route_send(struct pump *pump, struct pump_route *route) {
    if (!route->holds) {
        route->holds = wan_send(route->wan, pump->now_ns, &route->batch);
        route->held_for = route->peer;
    }
    return route->holds && route_send_held(pump, route);
}

void pump_send(struct pump *pump) {
    pump->blocked = false;
    pump_now(pump);
    for (struct pump_route *route = pump->first; route; route = route->next) {
        if (wan_next_timeout(route->wan) <= pump->now_ns) {
            wan_tick(route->wan, pump->now_ns);
        }
    }
    /* One batch a session and round, so that none waits for another's whole window. */
    bool any = true;
    for (int round = 0; any && round < SEND_ROUNDS; round++) {
        any = false;
        for (struct pump_route *route = pump->first; route && !pump->blocked; route = route->next) {
            any |= route_send(pump, route);
        }
    }
}

bool pump_flush(struct pump *pump, struct pump_route *route) {
    while (route_send(pump, route)) {
    }
    return !route->holds;
}

void pump_reply(struct pump *pump, const struct net_address *peer, uint8_t *data, size_t bytes) {
    const struct net_batch batch = {.data = data,
                                    .bytes = bytes,
                                    .segment_bytes = bytes,
                                    .peer = *peer,
                                    .time_ns = pump->now_ns};
    (void)pump->net->ops->send(pump->net, &batch);
}

static uint64_t route_deadline(const struct pump *pump, const struct pump_route *route) {
    if (pump->blocked) {
        return pump->now_ns + BLOCKED_WAIT_NS;
    }
    /* While a batch is held nothing else can leave: the session's own wish would make it spin. */
    return route->holds ? route->batch.departure_ns : wan_next_timeout(route->wan);
}

void pump_wait(struct pump *pump, uint64_t until_ns) {
    if (pump->at < pump->received.bytes) {
        return;
    }
    for (struct pump_route *route = pump->first; route; route = route->next) {
        uint64_t deadline_ns = route_deadline(pump, route);
        until_ns = deadline_ns < until_ns ? deadline_ns : until_ns;
    }
    pump->net->ops->wait(pump->net, until_ns);
}
