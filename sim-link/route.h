/*
 * Routes between two places over a constellation: which satellites, and how long the way is.
 *
 * By lasers it is the shortest path from any satellite that the one place sees to any that the
 * other sees (taking the nearest one instead may enter the wrong half of the grid, ascending or
 * descending, and double the way). Bent, both places see the same satellite, which is drawn among
 * those each time. Integers only, and a draw is a function of (seed, time): the same way on every
 * machine. Owner thread.
 */
#ifndef SIM_LINK_ROUTE_H
#define SIM_LINK_ROUTE_H

#include "base/memory.h"
#include "sim-link/shell.h"

#include <satsync/status.h>

enum { ROUTE_SATELLITES_LIMIT = 64 };

enum route_via { ROUTE_LASERS, ROUTE_BENT };

struct route {
    uint64_t length_m;
    uint32_t count; /* satellites; 0: there is no way */
    uint32_t satellites[ROUTE_SATELLITES_LIMIT];
};

struct router_options {
    const struct constellation *constellation; /* borrowed, as the two below */
    const struct place *from;
    const struct place *to;
    enum route_via via;
    uint64_t seed; /* for ROUTE_BENT */
    const struct allocator *allocator;
};

struct router;

/* NULL when memory ran out: about 80 bytes a satellite. */
struct router *router_new(const struct router_options *options);
void router_free(struct router *router);

/* The way at a time; false (and count 0) when there is none. */
bool router_find(struct router *router, uint64_t now_ns, struct route *route);

/* How long the way over these satellites is at another time. */
uint64_t router_length_m(struct router *router, const struct route *route, uint64_t now_ns);

/* Satellites that each end sees at the time of the last call. */
void router_visible(const struct router *router, uint32_t *from, uint32_t *to);

#endif
