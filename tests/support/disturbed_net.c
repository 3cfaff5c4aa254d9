#include "support/disturbed_net.h"

#include "transport/wan/handshake.h"

#include <assert.h>
#include <string.h>

/* Bytes of an address that the world's nets leave at zero. */
enum { ALIAS_AT = 8, STRANGER_AT = 9 };

/* Beyond so many he tires. */
enum { HOSTILE_MOST = 4000, PASSED_ON_ONE_IN = 200 };
static const uint64_t TIRED_PAUSE_NS = 2000000000;
static const int64_t AHEAD_NS = 1000000000000;

enum hostile_kind {
    HOSTILE_NOISE,
    HOSTILE_NOISE_OF_A_KIND, /* for a session that there is */
    HOSTILE_AGAIN,
    HOSTILE_CHANGED,
    HOSTILE_CUT,
    HOSTILE_THROWN_BACK,
    HOSTILE_KINDS
};

static struct disturbed_net *disturbed_of(struct net *net) {
    return (struct disturbed_net *)net;
}

static uint64_t world_now(struct disturbed_net *disturbed) {
    return disturbed->inner->ops->now_ns(disturbed->inner);
}

static uint64_t now_ns(struct net *net) {
    struct disturbed_net *disturbed = disturbed_of(net);
    return world_now(disturbed) + (uint64_t)disturbed->ahead_ns;
}

static void hear(struct heard *ring, uint64_t *count, const struct net_batch *batch, size_t bytes) {
    /* The first one stays: it is a HELLO. */
    uint64_t place = *count == 0 ? 0 : 1 + (*count - 1) % (DISTURBED_HEARD - 1);
    struct heard *heard = &ring[place];
    heard->bytes = bytes < DISTURBED_DATAGRAM ? bytes : DISTURBED_DATAGRAM;
    memcpy(heard->data, batch->data, heard->bytes);
    heard->peer = batch->peer;
    ++*count;
}

static enum satsync_status send(struct net *net, const struct net_batch *batch) {
    struct disturbed_net *disturbed = disturbed_of(net);
    struct net_batch plain = *batch;
    if (batch->peer.bytes[STRANGER_AT] != 0) {
        disturbed->strange_bytes += batch->bytes;
        return SATSYNC_OK;
    }
    if (batch->peer.bytes[ALIAS_AT] != disturbed->alias) {
        return SATSYNC_OK;
    }
    hear(disturbed->left, &disturbed->left_count, batch,
         batch->segment_bytes < batch->bytes ? batch->segment_bytes : batch->bytes);
    plain.peer.bytes[ALIAS_AT] = 0;
    return disturbed->inner->ops->send(disturbed->inner, &plain);
}

static const struct heard *any(struct disturbed_net *disturbed, const struct heard *ring,
                               uint64_t count) {
    uint64_t most = count < DISTURBED_HEARD ? count : DISTURBED_HEARD;
    return most == 0 ? NULL : &ring[random_below(&disturbed->random, most)];
}

static void make_noise(struct disturbed_net *disturbed, const struct heard *like) {
    static const uint8_t KINDS[] = {DATAGRAM_DATA, DATAGRAM_RESPONDER, DATAGRAM_HELLO,
                                    DATAGRAM_RESET_BY_INITIATOR, DATAGRAM_RESET_BY_RESPONDER};
    enum { SESSION_AT = 1, SESSION_BYTES = 8 };
    struct heard *forged = &disturbed->forged;
    forged->bytes = 1 + random_below(&disturbed->random, DISTURBED_DATAGRAM);
    random_bytes(&disturbed->random, forged->data, forged->bytes);
    if (like && forged->bytes > SESSION_AT + SESSION_BYTES) {
        forged->data[0] = KINDS[random_below(&disturbed->random, sizeof KINDS)];
        memcpy(forged->data + SESSION_AT, like->data + SESSION_AT, SESSION_BYTES);
    }
}

static void change(struct disturbed_net *disturbed) {
    struct heard *forged = &disturbed->forged;
    for (uint64_t i = 1 + random_below(&disturbed->random, 3); i > 0; i--) {
        uint64_t bit = random_below(&disturbed->random, 8 * forged->bytes);
        forged->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void forge(struct disturbed_net *disturbed) {
    struct heard *forged = &disturbed->forged;
    enum hostile_kind kind = (enum hostile_kind)random_below(&disturbed->random, HOSTILE_KINDS);
    const struct heard *heard = kind == HOSTILE_THROWN_BACK
                                    ? any(disturbed, disturbed->left, disturbed->left_count)
                                    : any(disturbed, disturbed->came, disturbed->came_count);
    if (kind == HOSTILE_NOISE || !heard) {
        make_noise(disturbed, NULL);
        return;
    }
    *forged = *heard;
    if (kind == HOSTILE_NOISE_OF_A_KIND) {
        make_noise(disturbed, heard);
    } else if (kind == HOSTILE_CHANGED) {
        change(disturbed);
    } else if (kind == HOSTILE_CUT) {
        forged->bytes = 1 + random_below(&disturbed->random, forged->bytes);
    }
}

/* What may be sent for it to where it came from: a true one counts three times, and for one
 * datagram at least; the rest is worth a short answer. */
static uint64_t due_for(const struct heard *forged, bool is_true) {
    uint64_t due = 3 * forged->bytes;
    if (!is_true && forged->data[0] != DATAGRAM_HELLO) {
        return HANDSHAKE_REPLY_BYTES < forged->bytes ? HANDSHAKE_REPLY_BYTES : forged->bytes;
    }
    return due > DISTURBED_DATAGRAM ? due : DISTURBED_DATAGRAM;
}

/* Hands the forged datagram out, from the address that was heard or from a stranger's. */
static void give_forged(struct disturbed_net *disturbed, bool stranger, bool is_true,
                        struct net_batch *batch) {
    struct heard *forged = &disturbed->forged;
    disturbed->hostile++;
    if (stranger || forged->peer.length == 0) {
        forged->peer.length = 4;
        forged->peer.bytes[STRANGER_AT] = (uint8_t)(1 + random_below(&disturbed->random, 3));
        disturbed->due_bytes += due_for(forged, is_true);
    }
    *batch = (struct net_batch){.data = forged->data,
                                .bytes = forged->bytes,
                                .segment_bytes = forged->bytes,
                                .peer = forged->peer,
                                .time_ns = now_ns(&disturbed->net)};
}

static void plan_next(struct disturbed_net *disturbed) {
    uint64_t pause_ns = disturbed->hostile < HOSTILE_MOST ? disturbed->pause_ns : TIRED_PAUSE_NS;
    disturbed->next_ns = world_now(disturbed) + 1 + random_below(&disturbed->random, 2 * pause_ns);
}

static bool receive(struct net *net, struct net_batch *batch) {
    struct disturbed_net *disturbed = disturbed_of(net);
    if (disturbed->held.bytes > 0) {
        *batch = disturbed->held;
        disturbed->held.bytes = 0;
        return true;
    }
    if (disturbed->pause_ns > 0 && world_now(disturbed) >= disturbed->next_ns) {
        forge(disturbed);
        give_forged(disturbed, random_below(&disturbed->random, 2), false, batch);
        plan_next(disturbed);
        return true;
    }
    if (!disturbed->inner->ops->receive(disturbed->inner, batch)) {
        return false;
    }
    batch->peer.bytes[ALIAS_AT] = disturbed->alias;
    batch->time_ns += (uint64_t)disturbed->ahead_ns;
    hear(disturbed->came, &disturbed->came_count, batch, batch->bytes);
    if (disturbed->pause_ns > 0 && random_below(&disturbed->random, PASSED_ON_ONE_IN) == 0) {
        disturbed->held = *batch;
        disturbed->forged.bytes = batch->bytes;
        assert(batch->bytes <= sizeof disturbed->forged.data);
        memcpy(disturbed->forged.data, batch->data, batch->bytes);
        disturbed->forged.peer = batch->peer;
        give_forged(disturbed, true, true, batch);
    }
    return true;
}

/* The world's clock at the time that this machine's will say so. */
static uint64_t in_world(const struct disturbed_net *disturbed, uint64_t until_ns) {
    uint64_t ahead_ns = (uint64_t)disturbed->ahead_ns;
    if (until_ns == UINT64_MAX) {
        return until_ns;
    }
    if (disturbed->ahead_ns >= 0) {
        return until_ns > ahead_ns ? until_ns - ahead_ns : 0;
    }
    return until_ns - ahead_ns;
}

static void wait(struct net *net, uint64_t until_ns) {
    struct disturbed_net *disturbed = disturbed_of(net);
    until_ns = in_world(disturbed, until_ns);
    if (disturbed->pause_ns > 0 && disturbed->next_ns < until_ns) {
        until_ns = disturbed->next_ns;
    }
    disturbed->inner->ops->wait(disturbed->inner, until_ns);
}

static void wake(struct net *net) {
    struct net *inner = disturbed_of(net)->inner;
    inner->ops->wake(inner);
}

static int fd(struct net *net) {
    struct net *inner = disturbed_of(net)->inner;
    return inner->ops->fd(inner);
}

static enum satsync_status resolve(struct net *net, const char *text, struct net_address *address,
                                   struct satsync_error *error) {
    struct disturbed_net *disturbed = disturbed_of(net);
    enum satsync_status status =
        disturbed->inner->ops->resolve(disturbed->inner, text, address, error);
    address->bytes[ALIAS_AT] = disturbed->alias;
    return status;
}

static void format(struct net *net, const struct net_address *address, char *out, size_t bytes) {
    struct net *inner = disturbed_of(net)->inner;
    inner->ops->format(inner, address, out, bytes);
}

static void local(struct net *net, struct net_address *address) {
    struct net *inner = disturbed_of(net)->inner;
    inner->ops->local(inner, address);
}

static size_t max_datagram_bytes(struct net *net) {
    struct net *inner = disturbed_of(net)->inner;
    return inner->ops->max_datagram_bytes(inner);
}

static void close_net(struct net *net) {
    struct disturbed_net *disturbed = disturbed_of(net);
    disturbed->held.bytes = 0;
    disturbed->inner->ops->close(disturbed->inner);
    disturbed->inner = NULL;
}

static const struct net_ops OPS = {
    now_ns, send, receive, wait, wake, fd, resolve, format, local, max_datagram_bytes, close_net};

void disturbed_net_init(struct disturbed_net *disturbed, uint64_t seed, uint64_t pause_ns) {
    memset(disturbed, 0, sizeof *disturbed);
    disturbed->net.ops = &OPS;
    disturbed->random = random_of(seed, 0xd1);
    disturbed->pause_ns = pause_ns;
    disturbed->ahead_ns = AHEAD_NS; /* so that it may leap back */
}

struct net *disturbed_net_over(struct disturbed_net *disturbed, struct net *inner) {
    disturbed->inner = inner;
    return &disturbed->net;
}

void disturbed_net_rebind(struct disturbed_net *disturbed) {
    disturbed->alias++;
}

void disturbed_net_step_clock(struct disturbed_net *disturbed, int64_t by_ns) {
    disturbed->ahead_ns += by_ns;
}
