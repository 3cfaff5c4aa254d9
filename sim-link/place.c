#include "sim-link/place.h"

#include "base/wide.h"
#include "sim-link/fixed.h"
#include "sim-link/turn.h"

static const struct place places[] = {
    {"memphis", 35149500, -90049000},  {"atlanta", 33749000, -84388000},
    {"abudhabi", 24453900, 54377300},  {"ashburn", 39043800, -77487400},
    {"frankfurt", 50110900, 8682100},  {"london", 51507400, -127800},
    {"newyork", 40712800, -74006000},  {"singapore", 1352100, 103819800},
    {"seattle", 47606200, -122332100}, {"johannesburg", -26204100, 28047300},
    {"kiel", 54323300, 10122800},      {"quito", -180700, -78467800},
};

const struct place *place_list(size_t *count) {
    *count = sizeof places / sizeof *places;
    return places;
}

struct point place_point(const struct place *place) {
    uint32_t latitude = turn_of_microdegrees(place->latitude_udeg);
    uint32_t longitude = turn_of_microdegrees(place->longitude_udeg);
    int64_t across_m = EARTH_RADIUS_M * turn_cosine(latitude) / Q30_ONE;
    return (struct point){across_m * turn_cosine(longitude) / Q30_ONE,
                          across_m * turn_sine(longitude) / Q30_ONE,
                          EARTH_RADIUS_M * turn_sine(latitude) / Q30_ONE};
}

uint64_t point_distance_m(const struct point *a, const struct point *b) {
    int64_t x = a->x - b->x;
    int64_t y = a->y - b->y;
    int64_t z = a->z - b->z;
    return fixed_root((uint64_t)(x * x + y * y + z * z));
}

uint64_t light_ns(uint64_t metres) {
    return multiply_divide(metres, 1000000000u, LIGHT_M_PER_S);
}
