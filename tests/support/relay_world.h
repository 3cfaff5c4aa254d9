/* A relay on loopback between a client's net and a target's, all in one thread. */
#ifndef SUPPORT_RELAY_WORLD_H
#define SUPPORT_RELAY_WORLD_H

#include "sim-link/relay.h"

struct relay_world {
    struct relay *relay;
    struct net *client;
    struct net *target;
    struct net_address relay_address;
};

/* `watch` sees every fate; NULL: nobody. */
void relay_world_open_watched(struct relay_world *world, const struct profile *profile,
                              struct lane_watch *watch);
void relay_world_open(struct relay_world *world, const char *link);
void relay_world_close(struct relay_world *world);

/* Polls the relay, and waits with it, until `net` has received `bytes`; they are appended to data.
 */
void relay_world_receive(struct relay_world *world, struct net *net, uint8_t *data, size_t bytes,
                         struct net_address *from);

/* Polls the relay until it has so many packets from the client. */
void relay_world_enter(struct relay_world *world, uint64_t packets);

#endif
