#include "examples/tinylm/text.h"

#include "examples/tinylm/arithmetic.h"
#include "support/cmocka.h"

#include <math.h>
#include <stdlib.h>

static double loss_of(uint8_t *bytes, size_t count) {
    const struct text text = {.bytes = bytes, .count = count, .learned = count / 10 * 9};
    return text_order2_loss(&text);
}

static void test_text_that_two_bytes_foretell_costs_next_to_nothing(void **state) {
    (void)state;
    static uint8_t bytes[10000];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t) "aabb"[i % 4];
    }
    assert_true(loss_of(bytes, sizeof bytes) < 0.01);
}

static void test_noise_costs_its_entropy(void **state) {
    (void)state;
    static uint8_t bytes[400000];
    uint64_t random = 1;
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(random_next(&random) % 4);
    }
    assert_true(fabs(loss_of(bytes, sizeof bytes) - log(4)) < 0.01);
}

static void test_byte_never_seen_costs_much_but_not_infinitely(void **state) {
    (void)state;
    static uint8_t bytes[1000];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = i < 900 ? 'a' : (uint8_t)(i % 256);
    }
    double loss = loss_of(bytes, sizeof bytes);
    assert_true(isfinite(loss) && loss > log(256));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_that_two_bytes_foretell_costs_next_to_nothing),
        cmocka_unit_test(test_noise_costs_its_entropy),
        cmocka_unit_test(test_byte_never_seen_costs_much_but_not_infinitely),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
