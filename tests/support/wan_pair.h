/*
 * Two wans joined by an emulated path in virtual time, with the real handshake and the real
 * sealing. Messages are cut from a fixed pattern, so that every byte can be checked. A run is a
 * function of its seed.
 */
#ifndef SUPPORT_WAN_PAIR_H
#define SUPPORT_WAN_PAIR_H

#include "base/random.h"
#include "base/ranges.h"
#include "base/timers.h"
#include "transport/wan/handshake.h"
#include "transport/wan/wan.h"

#include <stdbool.h>
#include <stdint.h>

#define PAIR_MS UINT64_C(1000000)
#define PAIR_SECOND UINT64_C(1000000000)

/* One direction. Zero means none of it. */
struct pair_path {
    uint64_t rate_bps; /* 0: endless */
    uint64_t delay_ns;
    uint64_t queue_bytes; /* dropped beyond; 0: endless */
    uint64_t loss_ppm;    /* each datagram by itself */
    uint64_t reorder_ppm; /* these come up to reorder_ns later */
    uint64_t reorder_ns;
    uint64_t duplicate_ppm;
    uint64_t corrupt_ppm;
    uint64_t dark_from_ns; /* one outage */
    uint64_t dark_until_ns;
    uint64_t dark_period_ns; /* and one of dark_least to dark_most in every period */
    uint64_t dark_least_ns;
    uint64_t dark_most_ns;

    uint64_t free_ns; /* state: when the line is free again */
    uint64_t datagrams;
    uint64_t ip_bytes;
    uint64_t max_gap_ns; /* longest time without an arrival, after the first */
    uint64_t arrival_ns;
};

enum { PAIR_MESSAGES = 512 };

struct pair_outgoing {
    uint64_t bytes;
    uint64_t written;
    uint64_t returned;
    uint64_t delivered_ns; /* 0 until then */
    uint64_t slice_bytes;
    bool waits_for_writable;
};

struct pair_incoming {
    bool begun;
    enum link_class class;
    uint64_t bytes;
    struct ranges got;
    uint64_t received_ns; /* when complete; 0 until then */
};

struct pair_end {
    struct wan *wan;
    struct wan_options options;
    struct pair_outgoing outgoing[PAIR_MESSAGES];
    size_t outgoing_count;
    struct pair_incoming incoming[PAIR_MESSAGES];
    size_t received;  /* messages complete */
    size_t delivered; /* outgoing messages known to be complete */
    uint64_t up_ns;
    bool down;
    enum satsync_status down_status;
    uint64_t held_back; /* bytes received and not released, when hold is set */
    bool hold;
    bool dead;              /* its process is gone: what arrives is lost, nothing leaves */
    uint64_t lost_on_death; /* IP bytes that arrived since */
};

struct pair_datagram;

struct wan_pair {
    uint64_t now_ns;
    struct random random;
    struct pair_end ends[2];   /* 0 is the initiator */
    struct pair_path paths[2]; /* [0]: from end 0 to end 1 */
    struct timers flying;
    struct handshake_site sites[2];
    struct handshake_peer peers[2];
    struct handshake handshake;
    struct handshake_answer answer;
    struct parity *parity[2];
    uint8_t parameters[2][WAN_PARAMETERS_BYTES];
    uint64_t trace; /* a hash of every datagram's time, length and bytes */
    bool without_aes;
    /* Sees each datagram as it is sent; may be NULL. */
    void (*tap)(const struct wan_pair *pair, int from, const uint8_t *data, size_t bytes);
    void *tap_context;
    uint8_t *batch;
};

/* Both paths and both ends' options are to be set between init and start. */
void pair_init(struct wan_pair *pair, uint64_t seed);
void pair_start(struct wan_pair *pair);
void pair_fini(struct wan_pair *pair);

/* What a message has from `offset` on, for at least 1 MiB. */
const uint8_t *pair_content(uint64_t message, uint64_t offset);

/* Begins a message at an end; its slices follow as the wan takes them. */
uint64_t pair_submit(struct wan_pair *pair, int end, enum link_class class, uint64_t bytes);

/* Goes on writing a message's slices. */
void pair_write(struct wan_pair *pair, int end, uint64_t number);

/* Runs until both ends have every message that was submitted, or a link is down, or `until_ns`.
 * True when all is delivered. */
bool pair_run(struct wan_pair *pair, uint64_t until_ns);

/* Runs up to a time, whatever happens. */
void pair_run_to(struct wan_pair *pair, uint64_t until_ns);

#endif
