/*
 * Moves datagrams between a net and its sessions, the same way on real UDP and in virtual time:
 * received ones to the session that their header names, sent ones when they are due. It never
 * blocks but in pump_wait, and never spins. Owner thread: the net's.
 */
#ifndef TRANSPORT_LINK_PUMP_H
#define TRANSPORT_LINK_PUMP_H

#include "base/map.h"
#include "base/memory.h"
#include "port/net.h"
#include "transport/wan/wan.h"

#include <satsync/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PUMP_BATCH_BYTES = 65000 }; /* of one segmented send; UDP's limit is 65507 */

/* One session's way to its peer; part of a link. Its owner fills the first three fields. */
struct pump_route {
    struct wan *wan;
    uint64_t session;
    bool initiator; /* this end began the session */
    struct net_address peer;

    struct net_address proven;   /* where it was before, while `peer` has not shown yet to be its */
    struct net_address held_for; /* where the held batch goes */
    struct pump_route *next;
    struct pump_route *previous;
    struct wan_batch batch; /* its buffer, and what waits in it while `holds` */
    bool holds;
    uint64_t moves;    /* times the peer's address changed */
    uint32_t moved_at; /* low bits of the number of the packet that showed the last change */
};

struct pump {
    struct net *net; /* borrowed */
    const struct allocator *allocator;
    uint64_t secret; /* peers choose session ids: hides where they land in the map */
    struct map routes;
    struct pump_route *first;
    struct net_batch received; /* being handed out, from `at` on */
    size_t at;
    uint64_t now_ns;
    bool blocked; /* the net refused a batch: wait before the next */
};

/* A datagram that no session here claims; `data` is borrowed until the next pump_receive. */
struct pump_stranger {
    uint8_t *data;
    size_t bytes;
    struct net_address peer;
};

enum pump_step {
    PUMP_NOTHING,  /* all that has arrived was handed out */
    PUMP_SESSION,  /* *route took a datagram: drain wan_event before the next pump_receive */
    PUMP_STRANGER, /* *stranger is set */
};

/* `secret` is random. */
void pump_init(struct pump *pump, struct net *net, uint64_t secret,
               const struct allocator *allocator);

/* All routes must be gone. */
void pump_fini(struct pump *pump);

/* SATSYNC_CONFLICT: the session is taken. The route stays where it is until pump_remove. */
enum satsync_status pump_add(struct pump *pump, struct pump_route *route) SATSYNC_MUST_CHECK;
void pump_remove(struct pump *pump, struct pump_route *route);

/* The net's time, read now. */
uint64_t pump_now(struct pump *pump);

/* Hands the next received datagram to its session, or gives it back as a stranger. */
enum pump_step pump_receive(struct pump *pump, struct pump_route **route,
                            struct pump_stranger *stranger);

/* Serves the timers that are due and sends what may leave now. */
void pump_send(struct pump *pump);

/* Sends what one session still has to say, as far as the net takes it; true when nothing is
 * left. For sessions that end. */
bool pump_flush(struct pump *pump, struct pump_route *route);

/* Sends one datagram outside of any session; lost when the net is full. */
void pump_reply(struct pump *pump, const struct net_address *peer, uint8_t *data, size_t bytes);

/* Sleeps until a datagram arrives, a session has something due, or `until_ns`. */
void pump_wait(struct pump *pump, uint64_t until_ns);

#endif
