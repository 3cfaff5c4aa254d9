/*
 * One site of an outer loop in virtual time: a libsync/rounds machine, an endpoint of the long-haul
 * transport, and the pump between them. Messages go as one slice and are put together whole.
 */
#ifndef BENCH_OUTER_SITE_H
#define BENCH_OUTER_SITE_H

#include "port/link.h"
#include "port/parity.h"
#include "rounds/rounds.h"

enum { OUTER_SITES = 3, OUTER_INCOMING = 256 };

struct outer_incoming {
    uint64_t message;
    uint8_t *data; /* NULL: free */
    size_t bytes;
};

struct outer_peer {
    struct link *link; /* NULL until it is up */
    struct outer_incoming incoming[OUTER_INCOMING];
    struct rounds_message waiting; /* taken from the machine, not yet by the link */
    bool has_waiting;
    bool is_submitted;
    uint64_t number;
};

struct outer_site {
    size_t number;
    struct rounds *rounds;
    struct endpoint *endpoint;
    struct outer_peer peer[OUTER_SITES];
    uint64_t rate_bps;
    float *local; /* all of its parameters */
    size_t fragments;
    const uint64_t *fragment_elements;
    uint64_t inner_ns; /* of an inner step; 0: the owner trains by outer_site_train */
    uint64_t next_inner_ns;
    bool waits; /* for an outer step that is due */
    uint64_t inner;
    uint64_t applied_ns; /* when the last step was applied, and which */
    uint64_t applied;
    bool is_wrong;
};

struct outer_site_options {
    size_t number;
    struct net *net;
    struct parity *parity;
    uint64_t seed;
    uint64_t rate_bps; /* that the links are told, each */
    uint64_t site_bps; /* of all of a site's links, and their delay: how to exchange rests on it */
    uint64_t delay_ns;
    enum quantise_codec codec;
    size_t fragments;
    const uint64_t *fragment_elements;
    float *local; /* borrowed */
    uint64_t inner_steps;
    uint64_t overlap_steps;
    uint64_t inner_ns;
    uint64_t now_ns;
};

enum satsync_status outer_site_open(struct outer_site *site,
                                    const struct outer_site_options *options,
                                    struct satsync_error *error) SATSYNC_MUST_CHECK;
void outer_site_close(struct outer_site *site);

/* Moves all that can be moved now, trains when it is time, and notes the deadline in the net. */
void outer_site_pump(struct outer_site *site);

/* One inner step is done. */
void outer_site_train(struct outer_site *site);

/* From now on by itself, an inner step every inner_ns, but for outer steps that are waited for. */
void outer_site_begin(struct outer_site *site);

bool outer_site_is_connected(const struct outer_site *site);

#endif
