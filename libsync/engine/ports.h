/*
 * What the engine is given by assembly.c: how to open the effects at the rim. The engine knows no
 * socket, no file and no clock besides these.
 */
#ifndef ENGINE_PORTS_H
#define ENGINE_PORTS_H

#include "base/budget.h"
#include "base/log.h"
#include "base/memory.h"
#include "port/chunks.h"
#include "port/disk.h"
#include "port/link.h"

#include <satsync/site.h>

struct endpoint_request {
    const char *listen;                       /* HOST:PORT; NULL: any port, and nobody is let in */
    const uint8_t *secret_seed;               /* 32 bytes, borrowed until the endpoint is closed */
    const uint8_t (*allowed)[LINK_KEY_BYTES]; /* who may connect, borrowed likewise */
    size_t allowed_count;
    uint64_t rate_bps; /* 0: find it out */
    enum link_controller controller;
    uint64_t limit_bps;              /* of the checkpoints that a link sends; 0: none */
    uint64_t give_up_ns;             /* 0: default */
    struct satsync_carrier *carrier; /* NULL: UDP */
    struct parity *parity;           /* borrowed until the endpoint is closed */
    struct budget *memory;           /* of links, likewise */
    const struct allocator *allocator;
    const struct log *log;
};

enum { RANKS_MAX = 16 };

struct ranks_request {
    const char *address; /* HOST:PORT where rank 0 is met; NULL: as the environment says */
    uint64_t timeout_ns; /* to meet */
    const struct allocator *allocator;
    const struct log *log;
};

/* The ranks of a site that have found each other. */
struct ranks_meeting {
    uint32_t rank;  /* in and, where the environment says it, out */
    uint32_t count; /* likewise; 0: as the environment says */
    struct endpoint *endpoint;
    char *addresses[RANKS_MAX]; /* of all ranks; freed with the request's allocator */
};

struct engine_ports {
    enum satsync_status (*disk_open)(const struct allocator *allocator, struct disk **disk,
                                     struct satsync_error *error);
    enum satsync_status (*store_create)(struct disk *disk, const char *path,
                                        const struct allocator *allocator,
                                        struct satsync_error *error);
    /* The disk is borrowed until the store is closed. */
    enum satsync_status (*store_open)(struct disk *disk, const char *path,
                                      const struct allocator *allocator, struct chunks **chunks,
                                      struct satsync_error *error);
    enum satsync_status (*endpoint_open)(const struct endpoint_request *request,
                                         struct endpoint **endpoint, struct satsync_error *error);
    /* End 0 or 1 of the emulated link that is open as this address; NULL: there is none. May be
     * NULL. */
    struct satsync_carrier *(*carrier_find)(const char *address, int end);
    /* Opens an endpoint among the ranks of a site. SATSYNC_UNSUPPORTED: there is none here. What is
     * in `meeting` afterwards is the caller's, also on failure. */
    enum satsync_status (*ranks_open)(const struct ranks_request *request,
                                      struct ranks_meeting *meeting, struct satsync_error *error);
    uint64_t (*now_ns)(void);  /* monotonic, CLOCK_MONOTONIC's zero */
    uint64_t (*unix_ns)(void); /* wall clock, shown, and what a record's age is told by */
    size_t (*cores)(void);
};

#endif
