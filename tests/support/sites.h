/*
 * Endpoints in virtual time: a few sites joined by emulated links, each with a small user that
 * sends patterned messages and checks what arrives byte by byte.
 */
#ifndef SUPPORT_SITES_H
#define SUPPORT_SITES_H

#include "port/link.h"
#include "sim-link/net_sim.h"
#include "transport/link/endpoint.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SITES = 4, SITE_SENDS = 64, SITE_MESSAGE_BYTES = 16 << 20 };

struct site_send {
    struct link *link; /* NULL: done or its link is gone */
    uint64_t number;
    uint64_t bytes;
    uint64_t written;
};

struct site {
    struct endpoint *endpoint; /* NULL: not running */
    struct net *net;
    uint8_t key[LINK_KEY_BYTES];      /* public */
    uint8_t peer_key[LINK_KEY_BYTES]; /* of the latest link that came up */
    struct link *link;                /* the latest that came up, NULL after its end */
    unsigned ups;
    unsigned downs;
    enum satsync_status down_status;
    unsigned received;  /* messages, whole and right */
    unsigned delivered; /* messages that the peer has */
    uint64_t received_bytes;
    uint64_t slices_out; /* written and not yet returned */
    unsigned wrong;      /* bytes that are not what was sent, events that cannot be */
    struct site_send sends[SITE_SENDS];
};

struct sites {
    struct net_sim *world;
    struct site at[SITES];
    size_t count;
    size_t links[SITES][SITES]; /* of the world */
    uint64_t seed;
    struct net *watch; /* a net of nobody's, for the alarm */
    uint64_t alarm_ns; /* sites_step stops here at the latest; 0: never */
    /* What each site's net is given to before its endpoint is; NULL: nothing. */
    struct net *(*wrap)(void *context, size_t n, struct net *net);
    void *wrap_context;
};

/* `count` sites, each joined to site 0 by `profile`; none runs yet. Site n's key seed is {n + 1}.
 */
void sites_open(struct sites *sites, size_t count, const char *profile, uint64_t seed);
void sites_close(struct sites *sites);

/* Starts site n with these options, whose net, seed and random seed are filled in; every site that
 * accepts lets the others in unless it names its peers. */
void sites_start(struct sites *sites, size_t n, struct endpoint_options *options);

/* As a crash: everything of the site is gone at once. */
void sites_kill(struct sites *sites, size_t n);

/* Opens a link from one site to another, which is expected to hold site `holder`'s key. */
struct link *sites_connect(struct sites *sites, size_t from, size_t to, size_t holder);

void sites_send(struct sites *sites, size_t from, struct link *link, uint64_t bytes);

/* Polls all sites until none has an event, then moves time on; false when nothing will ever happen
 * again. */
bool sites_step(struct sites *sites);

/* Steps until the clock has reached then. */
void sites_run(struct sites *sites, uint64_t until_ns);

/* Steps until *value >= wanted, for `limit_ns` of virtual time at most; whether it came to be. */
bool sites_run_until(struct sites *sites, const unsigned *value, unsigned wanted,
                     uint64_t limit_ns);

#endif
