/* The two ends of <satsync/sim.h>, for the project's own tests: the nets behind the carriers. */
#ifndef SIM_LINK_EMULATION_H
#define SIM_LINK_EMULATION_H

#include "sim-link/net_sim.h"

#include <satsync/sim.h>

/* The world that `sim` wraps; borrowed. */
struct net_sim *emulation_world(struct satsync_sim *sim);

#endif
