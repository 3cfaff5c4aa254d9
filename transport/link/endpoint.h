/*
 * port/link.h over the long-haul transport: one net with all its sessions.
 *
 * An endpoint opens links to peers that it knows by key and, if asked to, lets peers in whose keys
 * stand in its list. Everything happens in the thread that polls it; no thread is made here.
 */
#ifndef TRANSPORT_LINK_ENDPOINT_H
#define TRANSPORT_LINK_ENDPOINT_H

#include "base/budget.h"
#include "base/log.h"
#include "base/memory.h"
#include "port/link.h"
#include "port/net.h"
#include "transport/wan/wan.h"

#include <satsync/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero means default everywhere but in `net` and `seed`. */
struct endpoint_options {
    struct net *net;     /* closed by the endpoint once it is open */
    const uint8_t *seed; /* the site's Ed25519 seed, LINK_KEY_BYTES; used at once */
    const uint8_t (*peers)[LINK_KEY_BYTES]; /* Ed25519 keys that may open links; copied */
    size_t peer_count;
    bool accept; /* let the peers above in */

    size_t max_links;          /* sessions at once, both ways; 64 */
    size_t max_half_open;      /* accepted and not yet confirmed; 16 */
    uint32_t handshakes_per_s; /* answered at most; 200 */
    uint64_t handshake_ns;     /* an accepted link that isn't confirmed by then is dropped; 10 s */

    uint64_t window_bytes; /* received and not yet released, per link; the transport's default */
    uint64_t rate_bps;     /* of links let in, and of links opened without a rate; 0: find out */
    uint64_t limit_bps[LINK_CLASSES]; /* of what each link sends of a class; 0: none */
    enum link_controller controller;
    uint64_t keepalive_ns;   /* links end after so long without their peer */
    uint64_t initial_rtt_ns; /* a guess before the first sample */
    size_t
        max_datagram_bytes; /* UDP payload; 0: what the net says, at most the transport's default */

    /* Borrowed; NULL: no limit but max_links. What sessions take of it is the most that one ever
     * uses, so that those which are open never run out. */
    struct budget *memory;
    struct parity *parity;             /* borrowed; NULL: no repair symbols */
    const struct allocator *allocator; /* borrowed; NULL: libc's */
    const struct log *log;             /* borrowed; may be NULL */
    uint64_t random_seed;              /* tests: all chance follows from it; 0: from the system */
    bool without_aes;                  /* tests: as on a CPU that has none */
};

/* On failure *out is NULL and the net still the caller's. */
enum satsync_status endpoint_open(const struct endpoint_options *options, struct endpoint **out,
                                  struct satsync_error *error) SATSYNC_MUST_CHECK;

/* What went wrong quietly, and how many there are. Owner thread. */
struct endpoint_counters {
    size_t links;
    size_t half_open;
    uint64_t strangers; /* datagrams of no session here */
    uint64_t accepted;  /* handshakes */
    uint64_t answered;  /* strangers that got a cookie, a refusal, a version or a reset */
    uint64_t moves;     /* changes of a peer's address, of links that still are */
};

void endpoint_counters(struct endpoint *endpoint, struct endpoint_counters *counters);

#endif
