#include "codec/planes.h"

#include "base/random.h"
#include "support/cmocka.h"

enum { BYTES = 4096 };

static uint8_t raw[BYTES];
static uint8_t out[BYTES];
static uint8_t back[BYTES];

static void join_back(const struct planes *planes) {
    const uint8_t *plane[PLANES_MAX] = {0};
    for (int p = 0; p < planes->width; p++) {
        plane[p] = out + (size_t)p * planes->elements;
    }
    planes_join(planes, plane, back);
}

static void test_join_undoes_split_for_every_width_and_length(void **state) {
    (void)state;
    struct random random = random_of(11, 0);
    random_bytes(&random, raw, sizeof raw);
    for (uint8_t width = 1; width <= 8; width *= 2) {
        for (size_t elements = 0; elements * width <= 600; elements++) {
            for (int rotated = 0; rotated < 2; rotated++) {
                struct planes planes = {elements, width, rotated};
                planes_split(&planes, raw + 1, out);
                join_back(&planes);
                assert_memory_equal(back, raw + 1, elements * width);
            }
        }
    }
}

/* -1.5 in each format, little-endian: the first plane is the exponent alone, and the sign is the
 * last bit of the last plane. */
static void test_sign_goes_behind_the_exponent(void **state) {
    (void)state;
    const struct {
        uint8_t width;
        uint8_t raw[8];
        uint8_t planes[8];
    } cases[] = {
        {2, {0xc0, 0xbf}, {0x7f, 0x81}},
        {4, {0x00, 0x00, 0xc0, 0xbf}, {0x7f, 0x80, 0x00, 0x01}},
        {8, {0, 0, 0, 0, 0, 0, 0xf8, 0xbf}, {0x7f, 0xf0, 0, 0, 0, 0, 0, 0x01}},
    };
    for (size_t i = 0; i < 3; i++) {
        struct planes planes = {1, cases[i].width, true};
        planes_split(&planes, cases[i].raw, out);
        assert_memory_equal(out, cases[i].planes, cases[i].width);
    }
}

static void test_integers_are_split_as_they_are(void **state) {
    (void)state;
    const uint8_t numbers[8] = {0x01, 0x02, 0x03, 0x04, 0x11, 0x12, 0x13, 0x14};
    const uint8_t expected[8] = {0x04, 0x14, 0x03, 0x13, 0x02, 0x12, 0x01, 0x11};
    struct planes planes = {2, 4, false};
    planes_split(&planes, numbers, out);
    assert_memory_equal(out, expected, 8);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_join_undoes_split_for_every_width_and_length),
        cmocka_unit_test(test_sign_goes_behind_the_exponent),
        cmocka_unit_test(test_integers_are_split_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
