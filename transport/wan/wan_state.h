/*
 * What a wan is made of. Only wan*.c include this; every sub-machine knows its own struct alone.
 */
#ifndef TRANSPORT_WAN_WAN_STATE_H
#define TRANSPORT_WAN_WAN_STATE_H

#include "base/ring.h"
#include "transport/wan/ack.h"
#include "transport/wan/arrival.h"
#include "transport/wan/bulk_limit.h"
#include "transport/wan/cc.h"
#include "transport/wan/delivery.h"
#include "transport/wan/flow.h"
#include "transport/wan/handshake.h"
#include "transport/wan/loss.h"
#include "transport/wan/outage.h"
#include "transport/wan/pacer.h"
#include "transport/wan/recv.h"
#include "transport/wan/repair_in.h"
#include "transport/wan/repair_out.h"
#include "transport/wan/repeat.h"
#include "transport/wan/replay.h"
#include "transport/wan/rtt.h"
#include "transport/wan/send.h"
#include "transport/wan/sent.h"
#include "transport/wan/wan.h"

/*     CONNECTING --WELCOME--> OPEN --wan_close, CLOSE, silence--> CLOSED
 *          +-----refused, too late-------------------------------------^
 * An acceptor starts in OPEN: what made it is a HELLO that was accepted. */
enum wan_phase { WAN_CONNECTING, WAN_OPEN, WAN_CLOSED };

/* The datagrams of the handshake are repeated by the clock until the peer is heard. */
struct wan_greeting {
    struct handshake *handshake; /* an initiator's, while connecting */
    bool by_responder;           /* who this end is */
    bool confirmed;              /* the peer surely holds the session's keys */
    uint64_t heard_bytes;        /* of HELLO and of packets that are authentic */
    uint64_t due_ns;             /* when HELLO or WELCOME is to be sent next */
    unsigned times;              /* it was sent */
    uint8_t welcome[HANDSHAKE_WELCOME_BYTES];
    size_t welcome_bytes;
    uint8_t ephemeral[NOISE_KEY_BYTES];
};

struct wan_crypto {
    struct handshake_secrets secrets;
    struct wan_key early;
    bool has_early;
    struct wan_keys keys;
    bool has_keys;
    uint64_t generation_from; /* first packet sealed under the present send generation */
};

/* What the peer should hear of a block that repair symbols completed; told twice. */
struct wan_have {
    uint64_t message;
    struct range bytes;
    unsigned times;
};

/* The peer came from another address, which has not shown yet that it receives what is sent there:
 * whoever passes a packet on from an address of somebody else must not turn a stream on him. */
struct wan_trial {
    bool runs;
    uint64_t
        from; /* the first packet that went there: when it or a later one is acked, it is over */
    uint64_t bytes; /* that may still be sent there */
};

enum { WAN_HAVES = 128, WAN_EVENTS = 512, WAN_EVENTS_PER_DATAGRAM = 3 * REPAIR_SYMBOLS_MAX + 8 };

struct wan {
    struct wan_options options;
    enum wan_phase phase;
    uint64_t session;
    uint64_t now_ns; /* of the latest verb that had one */

    struct wan_greeting greeting;
    struct wan_crypto crypto;
    struct wan_trial trial;

    struct replay replay;
    struct ack ack;
    struct recv recv;
    struct repair_in repair_in;
    struct flow_in flow_in;
    struct ring haves;

    struct send send;
    struct repeat repeat;
    struct repair_out repair_out;
    struct sent sent;
    struct loss loss;
    struct rtt rtt;
    struct delivery delivery;
    struct arrival arrival;
    struct cc cc;
    struct pacer pacer;
    struct pacer limits[LINK_CLASSES]; /* where options.limit_bps sets one */
    struct outage outage;
    struct bulk_limit bulk_limit;
    struct flow_out flow_out;
    unsigned passed_over[LINK_CLASSES];
    size_t peer_messages; /* that the peer takes at once */

    uint64_t loss_due_ns;
    uint64_t heard_ns;    /* last authentic datagram */
    uint64_t spoken_ns;   /* last datagram that asked for an ack */
    bool ping_due;        /* a PING is owed */
    bool flow_blocked;    /* something waits for credit alone */
    uint64_t told_rtt_ns; /* round trip that the peer measured */
    uint64_t tell_rtt_ns; /* when to tell it again */

    struct ring events;
    bool down_owed;
    enum satsync_status down_status;
    unsigned closing_left; /* CLOSE datagrams still to send */

    uint64_t stated_ns; /* up to when the time per state is accounted */
    bool repeating;     /* the last symbol that left was a repetition */
    struct link_stats stats;
    struct wan_counters counters;
};

/* wan_in.c */
void wan_lose_overdue(struct wan *wan);

/* wan_pick.c: true when a datagram with message bytes could leave but for pacing and window. */
bool wan_has_work(struct wan *wan);
bool wan_window_is_open(const struct wan *wan);

/* When a class that has work comes below its limit again; TIME_NEVER: none waits. */
uint64_t wan_limits_open_at(struct wan *wan);

/* wan.c */
void wan_go_down(struct wan *wan, enum satsync_status why, bool tell);
void wan_push_event(struct wan *wan, const struct link_event *event);
void wan_take_parameters(struct wan *wan);
void wan_note_time(struct wan *wan, uint64_t now_ns);

/* True while `bytes` may still be sent to an address that was not confirmed. */
bool wan_may_answer(const struct wan *wan, size_t bytes);

#endif
