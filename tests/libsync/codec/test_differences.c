#include "codec/differences.h"

#include "base/bytes.h"
#include "base/random.h"
#include "support/cmocka.h"

#include <string.h>

enum { BYTES = 4096 };

static uint8_t raw[BYTES];
static uint8_t base[BYTES];
static uint8_t folded[BYTES];

static void test_apply_undoes_take_for_every_width_and_length(void **state) {
    (void)state;
    struct random random = random_of(61, 0);
    for (uint8_t width = 1; width <= 8; width *= 2) {
        for (size_t elements = 0; elements * width < 600; elements++) {
            for (int floating = 0; floating < 2; floating++) {
                const struct differences shape = {elements, width, floating};
                random_bytes(&random, raw, BYTES);
                random_bytes(&random, base, BYTES);
                memcpy(folded, base, BYTES);
                differences_take(&shape, raw + 1, folded + 1);
                differences_apply(&shape, folded + 1, base + 1);
                assert_memory_equal(base + 1, raw + 1, elements * width);
            }
        }
    }
}

static uint16_t folded16(bool floating, uint16_t before, uint16_t now) {
    const struct differences shape = {1, 2, floating};
    store_le16(raw, now);
    store_le16(folded, before);
    differences_take(&shape, raw, folded);
    return load_le16(folded);
}

/* Of bf16: 0x3f80 is 1, 0x3f81 the next above it; 0x0000 is 0, 0x8000 is -0. */
static void test_neighbouring_values_differ_by_little(void **state) {
    (void)state;
    assert_int_equal(folded16(true, 0x3f80, 0x3f80), 0);
    assert_int_equal(folded16(true, 0x3f80, 0x3f81), 2);
    assert_int_equal(folded16(true, 0x3f81, 0x3f80), 1);
    assert_int_equal(folded16(true, 0x3f7f, 0x3f80), 2); /* over a step of the exponent */
    assert_int_equal(folded16(true, 0xbf80, 0xbf81), 1); /* negative: further down */
    assert_int_equal(folded16(true, 0xbf81, 0xbf80), 2);
    assert_int_equal(folded16(true, 0x8000, 0x0000), 2);
    assert_int_equal(folded16(true, 0x8001, 0x0001), 6);
    assert_int_equal(folded16(false, 0x00ff, 0x0100), 2);
    assert_int_equal(folded16(false, 0x0000, 0xffff), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_apply_undoes_take_for_every_width_and_length),
        cmocka_unit_test(test_neighbouring_values_differ_by_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
