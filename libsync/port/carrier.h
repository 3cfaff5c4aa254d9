/*
 * Where the engine gets a net from that it does not make itself: the emulated link's ends, opened
 * by a user's test through <satsync/sim.h>.
 */
#ifndef PORT_CARRIER_H
#define PORT_CARRIER_H

#include "port/net.h"

struct satsync_carrier {
    /* The net for use by one endpoint; it is given back with its own `close`, and may then be
     * opened again. SATSYNC_BUSY while it is open. */
    enum satsync_status (*open)(struct satsync_carrier *carrier, struct net **net,
                                struct satsync_error *error);
};

#endif
