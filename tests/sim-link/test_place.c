#include "sim-link/place.h"

#include "support/cmocka.h"

#include <math.h>
#include <string.h>

static const struct place *find(const char *name) {
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

static double great_circle_km(const char *a, const char *b) {
    struct point from = place_point(find(a));
    struct point to = place_point(find(b));
    double chord = (double)point_distance_m(&from, &to);
    return 2 * 6371 * asin(chord / (2 * EARTH_RADIUS_M));
}

/* Published great circles, as any calculator gives them. */
static void test_named_places_are_where_they_should_be(void **state) {
    (void)state;
    const struct {
        const char *a;
        const char *b;
        double km;
    } cases[] = {{"memphis", "atlanta", 549},    {"memphis", "ashburn", 1207},
                 {"memphis", "abudhabi", 12417}, {"memphis", "frankfurt", 7661},
                 {"atlanta", "abudhabi", 12213}, {"london", "newyork", 5570},
                 {"london", "singapore", 10850}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double off = great_circle_km(cases[i].a, cases[i].b) - cases[i].km;
        assert_true(fabs(off) < cases[i].km * 0.015);
    }
}

static void test_light_takes_a_second_for_its_speed(void **state) {
    (void)state;
    assert_int_equal(light_ns(LIGHT_M_PER_S), 1000000000);
    assert_int_equal(light_ns(550000), 1834602);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_named_places_are_where_they_should_be),
        cmocka_unit_test(test_light_takes_a_second_for_its_speed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
