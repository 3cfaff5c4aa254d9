/* Links to satellites that are higher than low orbit, and to the Moon; and light to the ground. */
#ifndef SIM_LINK_PROFILE_SKY_H
#define SIM_LINK_PROFILE_SKY_H

#include "sim-link/profile.h"

extern const struct profile_entry profile_meo;
extern const struct profile_entry profile_geo;
extern const struct profile_entry profile_opt_down;
extern const struct profile_entry profile_lunar;

#endif
