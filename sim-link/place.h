/* Places on a spherical Earth, by name or by degrees; and points in space about it. Pure. */
#ifndef SIM_LINK_PLACE_H
#define SIM_LINK_PLACE_H

#include <stddef.h>
#include <stdint.h>

enum { EARTH_RADIUS_M = 6371000, LIGHT_M_PER_S = 299792458 };

/* Metres from the Earth's centre; x through the prime meridian, z through the north pole. */
struct point {
    int64_t x;
    int64_t y;
    int64_t z;
};

struct place {
    const char *name; /* as a user types it */
    int32_t latitude_udeg;
    int32_t longitude_udeg;
};

const struct place *place_list(size_t *count);

struct point place_point(const struct place *place);

uint64_t point_distance_m(const struct point *a, const struct point *b);

/* How long light takes for so many metres, in nanoseconds. */
uint64_t light_ns(uint64_t metres);

#endif
