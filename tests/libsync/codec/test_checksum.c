#include "codec/checksum.h"

#include "base/random.h"
#include "support/cmocka.h"

#include <string.h>

/* The empty input's value is published with XXH3: 99aa06d3014798d86001c324468d497f. */
static void test_empty_input_has_the_published_value(void **state) {
    (void)state;
    const uint8_t expected[CHECKSUM_BYTES] = {0x99, 0xaa, 0x06, 0xd3, 0x01, 0x47, 0x98, 0xd8,
                                              0x60, 0x01, 0xc3, 0x24, 0x46, 0x8d, 0x49, 0x7f};
    uint8_t sum[CHECKSUM_BYTES];
    checksum_of("", 0, sum);
    assert_memory_equal(sum, expected, CHECKSUM_BYTES);
}

static void test_every_flipped_bit_changes_the_sum(void **state) {
    (void)state;
    uint8_t data[257];
    struct random random = random_of(3, 0);
    random_bytes(&random, data, sizeof data);
    uint8_t before[CHECKSUM_BYTES];
    uint8_t after[CHECKSUM_BYTES];
    checksum_of(data, sizeof data, before);
    for (size_t bit = 0; bit < 8 * sizeof data; bit++) {
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        checksum_of(data, sizeof data, after);
        assert_memory_not_equal(before, after, CHECKSUM_BYTES);
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    checksum_of(data, sizeof data - 1, after);
    assert_memory_not_equal(before, after, CHECKSUM_BYTES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_input_has_the_published_value),
        cmocka_unit_test(test_every_flipped_bit_changes_the_sum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
