/* Links that do not move: a LAN, a geostationary satellite, fibre. */
#ifndef SIM_LINK_PROFILE_FIXED_H
#define SIM_LINK_PROFILE_FIXED_H

#include "sim-link/profile.h"

extern const struct profile_entry profile_plain;
extern const struct profile_entry profile_lan;
extern const struct profile_entry profile_fibre_atlanta;
extern const struct profile_entry profile_fibre_ashburn;
extern const struct profile_entry profile_fibre_abudhabi;

#endif
