#include "sim-link/route.h"

#include "support/cmocka.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS = 5760 };
static const uint64_t SLOT_NS = 15000000000u;

static const struct place *place(const char *name) {
    size_t count;
    const struct place *places = place_list(&count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(places[i].name, name) == 0) {
            return &places[i];
        }
    }
    fail_msg("no place %s", name);
    return NULL;
}

static struct router *router(const char *from, const char *to, enum route_via via) {
    size_t count;
    struct router_options options = {.constellation = constellation_list(&count),
                                     .from = place(from),
                                     .to = place(to),
                                     .via = via,
                                     .seed = 7};
    struct router *router = router_new(&options);
    assert_non_null(router);
    return router;
}

/* Round trips of the ways of each 15 s of a day; every hop to the ground is checked. */
static void check_day(const char *from, const char *to, uint64_t least_us, uint64_t most_us) {
    struct router *ways = router(from, to, ROUTE_LASERS);
    size_t count;
    const struct shell *shell = constellation_list(&count)->shells;
    uint64_t reach_m = shell_slant_m(shell, shell->elevation_udeg);
    struct point *points = calloc(shell_satellites(shell), sizeof *points);
    struct point ground[2] = {place_point(place(from)), place_point(place(to))};
    for (uint64_t slot = 0; slot < SLOTS; slot += 3) {
        struct route route;
        assert_true(router_find(ways, slot * SLOT_NS, &route));
        assert_in_range(2 * light_ns(route.length_m) / 1000, least_us, most_us);
        assert_in_range(router_length_m(ways, &route, slot * SLOT_NS), route.length_m - 1,
                        route.length_m + 1);
        shell_points(shell, slot * SLOT_NS, points);
        uint64_t up_m = point_distance_m(&ground[0], &points[route.satellites[0]]);
        uint64_t down_m = point_distance_m(&ground[1], &points[route.satellites[route.count - 1]]);
        assert_in_range(up_m, 550000 - 1, reach_m);
        assert_in_range(down_m, 550000 - 1, reach_m);
    }
    free(points);
    router_free(ways);
}

static void test_memphis_to_abu_dhabi_takes_92_to_97_ms(void **state) {
    (void)state;
    check_day("memphis", "abudhabi", 92000, 97050);
}

static void test_london_to_new_york_takes_42_to_44_ms(void **state) {
    (void)state;
    check_day("london", "newyork", 42100, 44200);
}

/* The plain way to the same: relax every laser until nothing changes (Bellman 1958). */
static uint64_t shortest_m(const struct place *from, const struct place *to, uint64_t now_ns) {
    size_t ignored;
    const struct shell *shell = constellation_list(&ignored)->shells;
    uint32_t count = shell_satellites(shell);
    struct point *points = calloc(count, sizeof *points);
    uint64_t *best_m = calloc(count, sizeof *best_m);
    struct point ends[2] = {place_point(from), place_point(to)};
    uint64_t reach_m = shell_slant_m(shell, shell->elevation_udeg);
    shell_points(shell, now_ns, points);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t slant_m = point_distance_m(&ends[0], &points[i]);
        best_m[i] = slant_m <= reach_m ? slant_m : UINT64_MAX / 2;
    }
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t i = 0; i < count; i++) {
            uint32_t next[4];
            shell_neighbours(shell, i, next);
            for (int k = 0; k < 4; k++) {
                uint64_t by_m = best_m[i] + point_distance_m(&points[i], &points[next[k]]);
                changed = changed || by_m < best_m[next[k]];
                best_m[next[k]] = by_m < best_m[next[k]] ? by_m : best_m[next[k]];
            }
        }
    }
    uint64_t whole_m = UINT64_MAX;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t slant_m = point_distance_m(&ends[1], &points[i]);
        if (slant_m <= reach_m && best_m[i] + slant_m < whole_m) {
            whole_m = best_m[i] + slant_m;
        }
    }
    free(points);
    free(best_m);
    return whole_m;
}

static void test_no_way_is_shorter(void **state) {
    (void)state;
    const char *pairs[][2] = {{"memphis", "abudhabi"},
                              {"london", "johannesburg"},
                              {"seattle", "newyork"},
                              {"singapore", "memphis"}};
    for (size_t pair = 0; pair < 4; pair++) {
        struct router *ways = router(pairs[pair][0], pairs[pair][1], ROUTE_LASERS);
        for (uint64_t slot = 0; slot < SLOTS; slot += 577) {
            struct route route;
            uint64_t now_ns = slot * SLOT_NS;
            uint64_t best_m = shortest_m(place(pairs[pair][0]), place(pairs[pair][1]), now_ns);
            assert_true(router_find(ways, now_ns, &route));
            /* Each hop is rounded down to a metre. */
            assert_in_range(route.length_m, best_m, best_m + 20);
        }
        router_free(ways);
    }
}

static void test_a_bent_pipe_hangs_on_one_satellite_that_both_see(void **state) {
    (void)state;
    struct router *near = router("memphis", "atlanta", ROUTE_BENT);
    uint64_t jumps = 0;
    uint32_t last = 0;
    for (uint64_t slot = 0; slot < SLOTS; slot++) {
        struct route route;
        struct route again;
        assert_true(router_find(near, slot * SLOT_NS, &route));
        assert_int_equal(route.count, 1);
        /* 550 km up and down at least, 1,123 each at most. */
        assert_in_range(route.length_m, 1100000, 2246000);
        assert_true(router_find(near, slot * SLOT_NS, &again));
        assert_memory_equal(&route, &again, sizeof route);
        jumps += route.satellites[0] != last;
        last = route.satellites[0];
    }
    assert_true(jumps > SLOTS / 2);
    router_free(near);
    struct router *far = router("memphis", "abudhabi", ROUTE_BENT);
    struct route route;
    assert_false(router_find(far, 0, &route));
    assert_int_equal(route.count, 0);
    router_free(far);
}

/* Memphis sees about 10 above 25 degrees, Kiel, near the northern edge, more. */
static void test_as_many_satellites_are_seen_as_the_geometry_gives(void **state) {
    (void)state;
    struct router *ways = router("memphis", "kiel", ROUTE_LASERS);
    for (uint64_t slot = 0; slot < SLOTS; slot += 7) {
        struct route route;
        uint32_t from;
        uint32_t to;
        assert_true(router_find(ways, slot * SLOT_NS, &route));
        router_visible(ways, &from, &to);
        assert_in_range(from, 7, 13);
        assert_in_range(to, 12, 18);
    }
    router_free(ways);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memphis_to_abu_dhabi_takes_92_to_97_ms),
        cmocka_unit_test(test_london_to_new_york_takes_42_to_44_ms),
        cmocka_unit_test(test_no_way_is_shorter),
        cmocka_unit_test(test_a_bent_pipe_hangs_on_one_satellite_that_both_see),
        cmocka_unit_test(test_as_many_satellites_are_seen_as_the_geometry_gives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
