#include "sim-link/shell.h"

#include "base/wide.h"
#include "sim-link/fixed.h"
#include "sim-link/turn.h"

static const uint64_t SIDEREAL_DAY_NS = 86164090500000u;

/* The 53-degree shell first. Phasings are not published: assumed. */
static const struct shell starlink[] = {
    {72, 22, 5, false, 550000, 53000000, 25000000, true},
    {72, 22, 5, false, 540000, 53200000, 25000000, true},
    {36, 20, 11, false, 570000, 70000000, 25000000, true},
    {6, 58, 1, false, 560000, 97600000, 25000000, true},
    {4, 43, 1, false, 560000, 97600000, 25000000, true},
};
static const struct shell oneweb[] = {
    {12, 49, 1, true, 1200000, 87900000, 25000000, false},
};
static const struct shell kuiper[] = {
    {34, 34, 17, false, 630000, 51900000, 35000000, true},
    {36, 36, 17, false, 610000, 42000000, 35000000, true},
    {28, 28, 13, false, 590000, 33000000, 35000000, true},
};
static const struct shell o3b[] = {
    {1, 20, 0, false, 8062000, 0, 10000000, false},
};

static const struct constellation constellations[] = {
    {"starlink", starlink, 1,
     "https://www.aanda.org/articles/aa/full_html/2022/01/aa42101-21/T1.html: 72 planes of 22 at "
     "550 km; phasing assumed"},
    {"starlink-all", starlink, 5,
     "https://www.aanda.org/articles/aa/full_html/2022/01/aa42101-21/T1.html: 4,408 satellites in "
     "five shells; phasing assumed"},
    {"oneweb", oneweb, 1,
     "https://astrocom.news/oneweb-leo-satellite-analysis-performance-challenges (12 near-polar "
     "planes at 1,200 km, no lasers); 49 a plane assumed"},
    {"kuiper", kuiper, 3,
     "https://www.aanda.org/articles/aa/full_html/2022/01/aa42101-21/T1.html: 3,236 satellites in "
     "three shells; phasing and least elevation assumed"},
    {"o3b", o3b, 1, "https://www.knowpia.com/knowpedia/O3b_mPOWER: 8,062 km; 20 satellites"},
};

const struct constellation *constellation_list(size_t *count) {
    *count = sizeof constellations / sizeof *constellations;
    return constellations;
}

static uint64_t root_of_wide(uint128 value) {
    uint64_t root = 0;
    for (int bit = 63; bit >= 0; bit--) {
        uint64_t tried = root | 1ull << bit;
        if ((uint128)tried * tried <= value) {
            root = tried;
        }
    }
    return root;
}

/* 2 * pi * sqrt(a^3 / mu), mu = 398600.4418 km^3/s^2; under the root in square microseconds. */
uint64_t shell_period_ns(const struct shell *shell) {
    uint128 axis_m = (uint128)EARTH_RADIUS_M + shell->altitude_m;
    uint128 square_us = axis_m * axis_m * axis_m * 1000000u / 398600441800000u * 1000000u;
    return multiply_divide(root_of_wide(square_us), 6283185307180u, 1000000000u);
}

uint32_t shell_satellites(const struct shell *shell) {
    return shell->planes * shell->slots;
}

/* -R sin e + sqrt(R^2 sin^2 e + 2 R h + h^2) */
uint64_t shell_slant_m(const struct shell *shell, uint32_t elevation_udeg) {
    int64_t height_m = shell->altitude_m;
    int64_t down_m = EARTH_RADIUS_M * turn_sine(turn_of_microdegrees(elevation_udeg)) / Q30_ONE;
    int64_t square = down_m * down_m + 2 * EARTH_RADIUS_M * height_m + height_m * height_m;
    return fixed_root((uint64_t)square) - (uint64_t)down_m;
}

static uint32_t share_of_turn(uint64_t part, uint64_t whole) {
    return (uint32_t)(((uint128)(part % whole) << 32) / whole);
}

/* A plane, as sines and cosines in Q30. */
struct plane {
    int64_t axis_m;
    int64_t node_sine;
    int64_t node_cosine;
    int64_t tilt_sine;
    int64_t tilt_cosine;
};

/* a * (cos O cos u - sin O sin u cos i, sin O cos u + cos O sin u cos i, sin u sin i) */
static struct point point_on(const struct plane *plane, uint32_t argument) {
    int64_t along_m = plane->axis_m * turn_cosine(argument) / Q30_ONE;
    int64_t beside_m = plane->axis_m * turn_sine(argument) / Q30_ONE;
    int64_t level_m = beside_m * plane->tilt_cosine / Q30_ONE;
    return (struct point){(plane->node_cosine * along_m - plane->node_sine * level_m) / Q30_ONE,
                          (plane->node_sine * along_m + plane->node_cosine * level_m) / Q30_ONE,
                          beside_m * plane->tilt_sine / Q30_ONE};
}

void shell_points(const struct shell *shell, uint64_t now_ns, struct point *points) {
    uint32_t tilt = turn_of_microdegrees(shell->inclination_udeg);
    struct plane at = {.axis_m = EARTH_RADIUS_M + (int64_t)shell->altitude_m,
                       .tilt_sine = turn_sine(tilt),
                       .tilt_cosine = turn_cosine(tilt)};
    uint32_t flown = share_of_turn(now_ns, shell_period_ns(shell));
    uint32_t turned = share_of_turn(now_ns, SIDEREAL_DAY_NS);
    for (uint32_t plane = 0; plane < shell->planes; plane++) {
        uint32_t planes = shell->half_circle ? 2 * shell->planes : shell->planes;
        uint32_t node = share_of_turn(plane, planes) - turned;
        uint32_t shift = share_of_turn((uint64_t)shell->phasing * plane, shell_satellites(shell));
        at.node_sine = turn_sine(node);
        at.node_cosine = turn_cosine(node);
        for (uint32_t slot = 0; slot < shell->slots; slot++) {
            *points++ = point_on(&at, share_of_turn(slot, shell->slots) + shift + flown);
        }
    }
}

/* Past the last plane the phasing has added up to `phasing` slots. */
static uint32_t beside(const struct shell *shell, uint32_t plane, uint32_t slot, bool next) {
    bool seam = next ? plane + 1 == shell->planes : plane == 0;
    uint32_t to = next ? (plane + 1) % shell->planes : (plane + shell->planes - 1) % shell->planes;
    uint32_t shift = !seam  ? 0
                     : next ? shell->phasing
                            : shell->slots - shell->phasing % shell->slots;
    return to * shell->slots + (slot + shift) % shell->slots;
}

void shell_neighbours(const struct shell *shell, uint32_t number, uint32_t out[4]) {
    uint32_t plane = number / shell->slots;
    uint32_t slot = number % shell->slots;
    out[0] = plane * shell->slots + (slot + 1) % shell->slots;
    out[1] = plane * shell->slots + (slot + shell->slots - 1) % shell->slots;
    out[2] = beside(shell, plane, slot, true);
    out[3] = beside(shell, plane, slot, false);
}
