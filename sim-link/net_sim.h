/*
 * port/net.h in virtual time: nets joined by emulated links.
 *
 * Nothing blocks. A net's `wait(until)` only notes the deadline; time moves when the driver says
 * so, to the next moment that matters to anyone:
 *
 *     while (!done) {
 *         poll every endpoint once;              // each ends with net->ops->wait(net, until)
 *         if (!net_sim_advance(world)) break;    // nothing will ever happen again
 *     }
 *
 * Addresses are "sim:0", "sim:1", ... in the order of net_sim_add, and "sim:NAME" of nets that have
 * one; a world's own address, if it has one, means the other of its two nets. Owner thread, except
 * `wake`, which has none here either: all is one thread.
 */
#ifndef SIM_LINK_NET_SIM_H
#define SIM_LINK_NET_SIM_H

#include "port/net.h"
#include "sim-link/sim.h"

enum { NET_SIM_NETS_LIMIT = 16, NET_SIM_LINKS_LIMIT = SIM_LANES_LIMIT / 2 };

struct net_sim;

struct net_sim_options {
    uint64_t seed;
    uint64_t start_ns;
    size_t payload_bytes_limit; /* 0: 1472 */
    const struct allocator *allocator;
};

enum satsync_status net_sim_open(const struct net_sim_options *options, struct net_sim **world,
                                 struct satsync_error *error) SATSYNC_MUST_CHECK;

/* After all its nets are closed, or while nobody uses them any more. */
void net_sim_close(struct net_sim *world);

/* A new net, numbered from 0. */
enum satsync_status net_sim_add(struct net_sim *world, struct net **net,
                                struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Borrowed; NULL for none. For worlds of two nets. */
void net_sim_set_address(struct net_sim *world, const char *address);

/* Copied; at most 31 characters. Before its links are joined, which are named after it. */
void net_sim_name(struct net_sim *world, size_t index, const char *name);

/* Net `index` for use: the first time, and again after its `close` (as after a crash of the process
 * that had it: what waited to be received is gone). */
struct net *net_sim_take(struct net_sim *world, size_t index);

/* Whether net `index` was taken and not closed since. */
bool net_sim_is_taken(const struct net_sim *world, size_t index);

/* Joins two nets; `there` carries from a to b. *link (may be NULL) numbers links from 0. Two nets
 * have at most one link. */
struct net_sim_join {
    size_t a;
    size_t b;
    const struct lane_plan *there;
    const struct lane_plan *back;
};
enum satsync_status net_sim_join(struct net_sim *world, const struct net_sim_join *join,
                                 size_t *link, struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Runs until something was received, or the earliest deadline that a `wait` noted; false when there
 * is neither an event nor a deadline. */
bool net_sim_advance(struct net_sim *world);

/* Runs all events up to a time, whatever deadlines were noted. */
void net_sim_run_until(struct net_sim *world, uint64_t now_ns);

uint64_t net_sim_now_ns(const struct net_sim *world);

/* Both directions of a link drop all until then (TIME_NEVER: until shut with 0). */
void net_sim_shut(struct net_sim *world, size_t link, uint64_t until_ns);

/* The link that joins two nets; net_sim_links when there is none. */
size_t net_sim_link(const struct net_sim *world, size_t a, size_t b);
size_t net_sim_links(const struct net_sim *world);

/* The clock and lanes behind it, to look inside; borrowed. */
struct sim *net_sim_sim(struct net_sim *world);

/* Of one direction of a link: 0 is `there`. */
void net_sim_counts(const struct net_sim *world, size_t link, int direction,
                    struct lane_counts *counts);

const struct trace_hash *net_sim_trace(const struct net_sim *world);

#endif
