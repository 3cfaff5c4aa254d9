#include "ckpt/cli/difference.h"

#include "support/cmocka.h"

#include <math.h>
#include <string.h>

static struct difference of(enum satsync_dtype dtype, const void *from, const void *to,
                            size_t bytes) {
    struct difference difference = {0};
    difference_add(&difference, dtype, from, to, bytes);
    return difference;
}

/* Two elements, of which the second moves from 1 to 3 in each type. */
static void test_every_number_is_read(void **state) {
    (void)state;
    static const struct {
        enum satsync_dtype dtype;
        uint8_t from[16];
        uint8_t to[16];
    } cases[] = {
        {SATSYNC_BF16, {0, 0, 0x80, 0x3f}, {0, 0, 0x40, 0x40}},
        {SATSYNC_F16, {0, 0, 0, 0x3c}, {0, 0, 0, 0x42}},
        {SATSYNC_F32, {0, 0, 0, 0, 0, 0, 0x80, 0x3f}, {0, 0, 0, 0, 0, 0, 0x40, 0x40}},
        {SATSYNC_F64, {[14] = 0xf0, [15] = 0x3f}, {[14] = 8, [15] = 0x40}},
        {SATSYNC_I8, {0, 1}, {0, 3}},
        {SATSYNC_U16, {0, 0, 1}, {0, 0, 3}},
        {SATSYNC_I64, {[8] = 1}, {[8] = 3}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct difference difference =
            of(cases[i].dtype, cases[i].from, cases[i].to, 2 * satsync_dtype_bytes(cases[i].dtype));
        assert_int_equal(difference.elements, 2);
        assert_int_equal(difference.changed, 1);
        assert_true(difference.is_numeric);
        assert_true(difference.largest == 2.0);
        assert_true(difference_relative(&difference) == 2.0);
    }
}

static void test_signs_and_small_numbers_are_read(void **state) {
    (void)state;
    const int8_t bytes[2][2] = {{-1, -128}, {1, 127}};
    const uint16_t halves[2][2] = {{0x8001, 0xc000}, {1, 0x4000}}; /* +-2^-24, +-2 */
    assert_true(of(SATSYNC_I8, bytes[0], bytes[1], 2).largest == 255.0);
    assert_true(of(SATSYNC_F16, halves[0], halves[1], 2).largest == ldexp(1, -23));
    assert_true(of(SATSYNC_F16, halves[0], halves[1], 4).largest == 4.0);
}

static void test_what_is_no_number_counts_as_changed_alone(void **state) {
    (void)state;
    const float from[] = {1, NAN, INFINITY, 2};
    const float to[] = {NAN, 1, 1, 2};
    struct difference difference = of(SATSYNC_F32, from, to, sizeof from);
    assert_int_equal(difference.changed, 3);
    assert_true(difference.largest == 0.0);
    assert_true(difference_relative(&difference) == 0.0);
    const uint8_t fp8[] = {1, 2};
    assert_false(of(SATSYNC_F8_E4M3, fp8, fp8 + 1, 1).is_numeric);
    assert_int_equal(of(SATSYNC_F8_E4M3, fp8, fp8 + 1, 1).changed, 1);
}

static void test_zeros_that_differ_in_sign_changed_by_nothing(void **state) {
    (void)state;
    const float from[] = {0.0F};
    const float to[] = {-0.0F};
    struct difference difference = of(SATSYNC_F32, from, to, sizeof from);
    assert_int_equal(difference.changed, 1);
    assert_true(difference_relative(&difference) == 0.0);
    const float one[] = {1.0F};
    difference = of(SATSYNC_F32, from, one, sizeof from);
    assert_true(isinf(difference_relative(&difference)));
}

static void test_pieces_add_up(void **state) {
    (void)state;
    const float from[] = {3, 4};
    const float to[] = {3, 5};
    struct difference difference = of(SATSYNC_F32, from, to, 4);
    difference_add(&difference, SATSYNC_F32, from + 1, to + 1, 4);
    assert_int_equal(difference.elements, 2);
    assert_true(difference_relative(&difference) == 0.2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_number_is_read),
        cmocka_unit_test(test_signs_and_small_numbers_are_read),
        cmocka_unit_test(test_what_is_no_number_counts_as_changed_alone),
        cmocka_unit_test(test_zeros_that_differ_in_sign_changed_by_nothing),
        cmocka_unit_test(test_pieces_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
