/* Low earth orbit: what a consumer dish sees. Figures and their sources stand in profile_leo.c. */
#ifndef SIM_LINK_PROFILE_LEO_H
#define SIM_LINK_PROFILE_LEO_H

#include "sim-link/profile.h"

extern const struct profile_entry profile_leo_bent;
extern const struct profile_entry profile_leo_bent_rain;
extern const struct profile_entry profile_leo_isl;
extern const struct profile_entry profile_leo_oneweb;

#endif
