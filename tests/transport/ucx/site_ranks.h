/*
 * The ranks of a site as real processes: forked, each with an endpoint over UCX, all addresses
 * exchanged through the parent.
 */
#ifndef TRANSPORT_UCX_SITE_RANKS_H
#define TRANSPORT_UCX_SITE_RANKS_H

#include "collective/collective.h"

#include <stdbool.h>
#include <sys/types.h>

struct site_rank {
    uint32_t rank;
    uint32_t ranks;
    struct endpoint *endpoint;
    struct collective *group;
    void *context;
};

struct site_ranks {
    uint32_t ranks;
    const char *transports; /* UCX_TLS; NULL: as the environment says */
    size_t chunk_bytes;
    unsigned seconds; /* a rank that takes longer hangs, and is killed */
    /* What each rank does: 0 is fine. */
    int (*run)(struct site_rank *rank);
    /* In the parent, when all ranks have opened their group; may be NULL. */
    void (*meanwhile)(const pid_t *pids, void *context);
    void *context;
    int codes[COLLECTIVE_RANKS]; /* how each ended: its exit code, or 256 + the signal */
};

/* True when all ranks ended with 0. */
bool site_ranks_run(struct site_ranks *site);

/* True when every other rank has a link, and each uses just these transports, such as "posix". */
bool site_ranks_all_use(const struct site_rank *rank, const char *transports);

#endif
