/*
 * One link over the long-haul transport: struct link of port/link.h around a struct wan and its
 * route. Owner thread: the endpoint's.
 */
#ifndef TRANSPORT_LINK_ENDPOINT_LINK_H
#define TRANSPORT_LINK_ENDPOINT_LINK_H

#include "base/budget.h"
#include "base/log.h"
#include "base/memory.h"
#include "port/link.h"
#include "transport/link/pump.h"
#include "transport/wan/handshake.h"
#include "transport/wan/wan.h"

#include <satsync/status.h>
#include <stdbool.h>
#include <stdint.h>

/* What all sessions of an endpoint share; outlives them. */
struct endpoint_host {
    struct pump pump;
    const struct allocator *allocator;
    const struct log *log;
    struct budget *memory; /* may be NULL */
    uint64_t link_bytes;   /* what each session takes of it */
};

struct endpoint_link {
    struct link link; /* first */
    struct pump_route route;
    struct endpoint_host *host;
    struct endpoint_link *next;  /* the endpoint's list */
    struct handshake *handshake; /* an initiator's, until it is up; owned */
    bool ended;                  /* LINK_EVENT_DOWN was given: only the farewell is left */
    uint64_t began_ns;
    uint64_t ended_ns;
};

/* NULL when there is no memory, or no more in the budget. */
struct endpoint_link *endpoint_link_new(struct endpoint_host *host, const struct net_address *peer);

/* Begins the handshake with `options`, as initiator. */
enum satsync_status endpoint_link_begin(struct endpoint_link *session,
                                        const struct handshake_options *options,
                                        struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Makes the session's wan and gives it its place in the pump; the session is still to be freed on
 * failure. options->handshake is set from the session's. */
enum satsync_status endpoint_link_start(struct endpoint_link *session, struct wan_options *options,
                                        struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Takes it out of the pump, if it is there, and frees it at once. */
void endpoint_link_free(struct endpoint_link *session);

/* The next event for the user, false when there is none. A link that was let in becomes known to
 * the user with LINK_EVENT_UP. */
bool endpoint_link_event(struct endpoint_link *session, struct link_event *event);

/* From now on only the farewell is left. */
void endpoint_link_end(struct endpoint_link *session);

/* Let in, and its peer has not yet proved to be there: HELLO may be a recorded one. */
bool endpoint_link_is_half_open(const struct endpoint_link *session);

/* Logs `what` with the address. */
void endpoint_link_log(const struct endpoint_host *host, enum log_level level,
                       const struct net_address *address, const char *what);

#endif
