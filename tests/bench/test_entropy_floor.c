#include "bench/entropy_floor.h"

#include "support/cmocka.h"

#include <string.h>

enum { BYTES = 4096 };

static uint8_t raw[BYTES];
static uint8_t planes[BYTES];

static double floor_of(uint8_t width, bool floating, size_t bytes) {
    const struct floor_input input = {raw, bytes, width, floating};
    return entropy_floor_bytes(&input, planes);
}

static void test_floor_is_shannons_sum_of_each_plane(void **state) {
    (void)state;
    assert_float_equal(floor_of(4, true, BYTES), 0, 1e-9);
    /* The first plane holds 256 symbols equally often, the second two, the others one. */
    for (size_t i = 0; i < BYTES / 4; i++) {
        memcpy(raw + 4 * i, (const uint8_t[]){9, 9, (uint8_t)(i % 2 * 16), (uint8_t)i}, 4);
    }
    assert_float_equal(floor_of(4, false, BYTES), BYTES / 4 * 9. / 8, 1e-6);
    assert_float_equal(floor_of(4, false, 0), 0, 1e-9);
}

static void test_sign_of_floats_stands_with_the_fraction(void **state) {
    (void)state;
    for (size_t i = 0; i < BYTES / 2; i++) {
        memcpy(raw + 2 * i, (const uint8_t[]){0x80, (uint8_t)(0x3f | i % 2 * 0x80)}, 2);
    }
    assert_float_equal(floor_of(2, true, BYTES), BYTES / 2 * 1. / 8, 1e-6);
}

static void test_a_piece_of_an_element_makes_it_bytes(void **state) {
    (void)state;
    memcpy(raw, "abcdefg", 7);
    assert_float_equal(floor_of(4, true, 7), 7 * 2.807354922 / 8, 1e-6);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_floor_is_shannons_sum_of_each_plane),
        cmocka_unit_test(test_sign_of_floats_stands_with_the_fraction),
        cmocka_unit_test(test_a_piece_of_an_element_makes_it_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
