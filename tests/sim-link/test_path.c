#include "sim-link/path.h"

#include "sim-link/fixed.h"
#include "support/cmocka.h"

#include <stdlib.h>

static const uint64_t SECOND = 1000000000u;

static void test_a_table_is_walked_and_begins_again(void **state) {
    (void)state;
    static const struct path_knot knots[] = {{0, 100}, {10000000, 300}, {40000000, 0}};
    struct path_table_options lines = {knots, 3, false};
    struct path_table_options steps = {knots, 3, true};
    struct path *paths[2] = {path_table_new(&lines, NULL), path_table_new(&steps, NULL)};
    struct path_line line;
    paths[0]->ops->line(paths[0], 85000000, &line);
    assert_int_equal(line.from_ns, 80000000);
    assert_int_equal(line.until_ns, 90000000);
    assert_in_range(path_line_at(&line, 85000000), 199, 201);
    paths[1]->ops->line(paths[1], 99000000, &line);
    assert_int_equal(path_line_at(&line, 99000000), 300);
    assert_int_equal(line.until_ns, 120000000);
    paths[0]->ops->free(paths[0]);
    paths[1]->ops->free(paths[1]);
}

static void test_a_long_line_does_not_overflow(void **state) {
    (void)state;
    struct path_line line = {0, 30 * 86400 * SECOND, 1212000000, 1352000000, false};
    assert_in_range(path_line_at(&line, 15 * 86400 * SECOND), 1281900000, 1282100000);
}

static int by_size(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Whatever the kernels and what happens within a slot, ranks of the delay are those of the table,
 * but for what lines between two points smooth away. */
static void test_slots_keep_the_distribution_they_are_given(void **state) {
    (void)state;
    static const struct quantile points[] = {
        {-3 * Q16_ONE, 10000000}, {-Q16_ONE, 20000000}, {0, 30000000}, {3 * Q16_ONE, 90000000}};
    static const uint32_t within[] = {100, 300, 600};
    struct path_slots_options options = {.slots = {.period_ns = 15 * SECOND,
                                                   .phase_ns = 12 * SECOND,
                                                   .kernels = {{300, 980}, {500, 600}, {200, 0}}},
                                         .quantiles = points,
                                         .quantile_count = 4,
                                         .within_permille = within,
                                         .within_count = 3,
                                         .within_ns = SECOND,
                                         .seed = 3,
                                         .stream = 8,
                                         .within_stream = 10};
    struct path *path = path_slots_new(&options, NULL);
    enum { SLOTS = 40000 };
    uint64_t *drawn = calloc(SLOTS, sizeof *drawn);
    for (uint64_t i = 0; i < SLOTS; i++) {
        struct path_line line;
        path->ops->line(path, i * 15 * SECOND, &line);
        drawn[i] = path_line_at(&line, i * 15 * SECOND);
        assert_in_range(line.until_ns - i * 15 * SECOND, 1, 15 * SECOND);
    }
    qsort(drawn, SLOTS, sizeof *drawn, by_size);
    /* Half of it each way; at 15.87, 50 and 84.13 %. */
    assert_in_range(drawn[SLOTS * 1587 / 10000], 9700000, 10300000);
    assert_in_range(drawn[SLOTS / 2], 14700000, 15300000);
    assert_in_range(drawn[SLOTS * 8413 / 10000], 24300000, 25700000);
    free(drawn);
    path->ops->free(path);
}

static void test_both_directions_see_the_same_way(void **state) {
    (void)state;
    static const struct quantile points[] = {{-Q16_ONE, 10000000}, {Q16_ONE, 90000000}};
    static const uint32_t within[] = {300};
    struct path_slots_options options = {
        .slots = {.period_ns = 15 * SECOND, .correlation_permille = 500},
        .quantiles = points,
        .quantile_count = 2,
        .within_permille = within,
        .within_count = 1,
        .within_ns = SECOND,
        .within_stream = 10};
    struct path *up = path_slots_new(&options, NULL);
    struct path *down = path_slots_new(&options, NULL);
    for (uint64_t now_ns = 0; now_ns < 200 * SECOND; now_ns += 777777777) {
        struct path_line a;
        struct path_line b;
        up->ops->line(up, now_ns, &a);
        down->ops->line(down, now_ns + 100000, &b);
        if (b.until_ns == a.until_ns) {
            assert_int_equal(path_line_at(&a, now_ns + 100000), path_line_at(&b, now_ns + 100000));
        }
    }
    up->ops->free(up);
    down->ops->free(down);
}

static void test_an_orbit_glides_within_a_slot(void **state) {
    (void)state;
    size_t count;
    struct path_orbit_options options = {.router = {.constellation = constellation_list(&count),
                                                    .from = &place_list(&count)[0],
                                                    .to = &place_list(&count)[2]},
                                         .period_ns = 15 * SECOND,
                                         .phase_ns = 12 * SECOND,
                                         .hop_ns = 0};
    struct path *path = path_orbit_new(&options, NULL);
    struct path_line line = {0, 0, 0, 0, false};
    for (uint64_t now_ns = 0; now_ns < 3600 * SECOND; now_ns += 15 * SECOND) {
        path->ops->line(path, now_ns, &line);
        assert_false(line.closed);
        assert_int_equal((line.until_ns + 3 * SECOND) % (15 * SECOND), 0);
        assert_in_range(line.first_ns, 46000000, 48600000);
        int64_t slide_ns = (int64_t)line.last_ns - (int64_t)line.first_ns;
        assert_true(slide_ns != 0 && llabs(slide_ns) < 1200000);
    }
    path->ops->free(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_table_is_walked_and_begins_again),
        cmocka_unit_test(test_a_long_line_does_not_overflow),
        cmocka_unit_test(test_slots_keep_the_distribution_they_are_given),
        cmocka_unit_test(test_both_directions_see_the_same_way),
        cmocka_unit_test(test_an_orbit_glides_within_a_slot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
