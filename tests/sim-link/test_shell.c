#include "sim-link/shell.h"

#include "support/cmocka.h"

#include <stdlib.h>
#include <string.h>

static const struct constellation *find(const char *name) {
    size_t count;
    const struct constellation *all = constellation_list(&count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(all[i].name, name) == 0) {
            return &all[i];
        }
    }
    fail_msg("no constellation %s", name);
    return NULL;
}

static void test_550_km_take_5730_seconds(void **state) {
    (void)state;
    uint64_t period_ns = shell_period_ns(&find("starlink")->shells[0]);
    assert_in_range(period_ns, 5730050000000, 5730150000000);
}

static void test_a_satellite_is_back_after_a_period_but_for_the_earths_turn(void **state) {
    (void)state;
    struct shell shell = find("starlink")->shells[0];
    struct point *points[2];
    uint32_t count = shell_satellites(&shell);
    for (int i = 0; i < 2; i++) {
        points[i] = calloc(count, sizeof *points[i]);
        shell_points(&shell, (uint64_t)i * shell_period_ns(&shell), points[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        assert_in_range(llabs(points[0][i].z - points[1][i].z), 0, 10);
        struct point centre = {0, 0, 0};
        assert_in_range(point_distance_m(&points[0][i], &centre), 6920997, 6921003);
    }
    free(points[0]);
    free(points[1]);
}

/* Slants by altitude and elevation, in kilometres, from the law of cosines. */
static void test_slants_are_those_of_the_law_of_cosines(void **state) {
    (void)state;
    const struct {
        uint32_t altitude_km;
        uint32_t slant_km[5];
    } rows[] = {
        {350, {350, 401, 526, 747, 1303}},        {550, {550, 627, 812, 1123, 1815}},
        {630, {630, 717, 924, 1267, 2000}},       {1200, {1200, 1351, 1693, 2204, 3131}},
        {8062, {8062, 8560, 9488, 10535, 11892}}, {35786, {35786, 36519, 37778, 39067, 40581}},
    };
    const uint32_t elevations[] = {90, 60, 40, 25, 10};
    for (size_t row = 0; row < sizeof rows / sizeof *rows; row++) {
        struct shell shell = {.altitude_m = rows[row].altitude_km * 1000};
        for (size_t i = 0; i < 5; i++) {
            uint64_t slant_m = shell_slant_m(&shell, elevations[i] * 1000000);
            assert_int_equal((slant_m + 500) / 1000, rows[row].slant_km[i]);
        }
    }
}

static void test_lasers_lead_both_ways_and_to_near_satellites(void **state) {
    (void)state;
    struct shell shell = find("starlink")->shells[0];
    uint32_t count = shell_satellites(&shell);
    struct point *points = calloc(count, sizeof *points);
    shell_points(&shell, 1234567890123, points);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t to[4];
        shell_neighbours(&shell, i, to);
        for (int k = 0; k < 4; k++) {
            uint32_t back[4];
            shell_neighbours(&shell, to[k], back);
            assert_int_equal(back[k ^ 1], i);
            uint64_t hop_m = point_distance_m(&points[i], &points[to[k]]);
            /* 1,970 km in the plane; beside it also at the seam no more than that. */
            assert_in_range(hop_m, 100000, k < 2 ? 1970500 : 2100000);
        }
    }
    free(points);
}

static void test_all_of_starlink_is_4408_satellites(void **state) {
    (void)state;
    const struct constellation *all = find("starlink-all");
    uint32_t count = 0;
    for (size_t i = 0; i < all->shell_count; i++) {
        count += shell_satellites(&all->shells[i]);
    }
    assert_int_equal(count, 4408);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_550_km_take_5730_seconds),
        cmocka_unit_test(test_a_satellite_is_back_after_a_period_but_for_the_earths_turn),
        cmocka_unit_test(test_slants_are_those_of_the_law_of_cosines),
        cmocka_unit_test(test_lasers_lead_both_ways_and_to_near_satellites),
        cmocka_unit_test(test_all_of_starlink_is_4408_satellites),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
