/*
 * Shells of satellites: Walker constellations on circular orbits about a spherical Earth.
 *
 * Satellite `slot` of plane `plane` has, at time t, its node at
 * spread * plane / planes - rotation of the Earth * t and its argument of latitude at
 * slot / slots + phasing * plane / (planes * slots) + t / period turns (J. G. Walker, 1984). Points
 * are Earth-fixed. Drift by the Earth's oblateness (about 5 degrees a day, of all planes alike) is
 * left out. Pure.
 */
#ifndef SIM_LINK_SHELL_H
#define SIM_LINK_SHELL_H

#include "sim-link/place.h"

#include <stdbool.h>

struct shell {
    uint32_t planes;
    uint32_t slots; /* satellites in a plane */
    uint32_t phasing;
    bool half_circle; /* nodes over half a turn (a "star"), as of polar shells; else a whole one */
    uint32_t altitude_m;
    uint32_t inclination_udeg;
    uint32_t elevation_udeg; /* least one at which the ground uses a satellite */
    bool lasers;             /* to both neighbours in the plane and to both planes beside it */
};

struct constellation {
    const char *name;
    const struct shell *shells;
    size_t shell_count;
    const char *source;
};

const struct constellation *constellation_list(size_t *count);

uint64_t shell_period_ns(const struct shell *shell);
uint32_t shell_satellites(const struct shell *shell);

/* Distance from the ground to a satellite that stands at this elevation. */
uint64_t shell_slant_m(const struct shell *shell, uint32_t elevation_udeg);

/* All satellites' points at a time: number plane * slots + slot. */
void shell_points(const struct shell *shell, uint64_t now_ns, struct point *points);

/* The four that satellite `number` has lasers to. */
void shell_neighbours(const struct shell *shell, uint32_t number, uint32_t out[4]);

#endif
