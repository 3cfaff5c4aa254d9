#include "codec/parity.h"

#include "base/random.h"
#include "support/cmocka.h"

#include <string.h>

enum { BYTES_MAX = 300 };

static uint8_t original[PARITY_SYMBOLS_MAX][BYTES_MAX];
static uint8_t work[PARITY_SYMBOLS_MAX][BYTES_MAX];

static struct parity_shape fill_and_encode(struct parity *parity, struct random *random,
                                           unsigned data, unsigned repair) {
    struct parity_shape shape = {(uint16_t)data, (uint16_t)repair,
                                 1 + (uint32_t)random_below(random, BYTES_MAX)};
    const uint8_t *sources[PARITY_SYMBOLS_MAX];
    uint8_t *targets[PARITY_SYMBOLS_MAX];
    for (unsigned i = 0; i < data; i++) {
        random_bytes(random, original[i], shape.bytes);
        sources[i] = original[i];
    }
    for (unsigned r = 0; r < repair; r++) {
        targets[r] = original[data + r];
    }
    parity->ops->encode(parity, &shape, sources, targets);
    return shape;
}

/* Loses `lost` random symbols and recovers. */
static enum satsync_status lose_and_recover(struct parity *parity, struct random *random,
                                            const struct parity_shape *shape, unsigned lost) {
    unsigned total = shape->data + shape->repair;
    uint8_t *symbols[PARITY_SYMBOLS_MAX];
    bool present[PARITY_SYMBOLS_MAX];
    memcpy(work, original, sizeof work);
    for (unsigned i = 0; i < total; i++) {
        present[i] = true;
        symbols[i] = work[i];
    }
    while (lost) {
        unsigned i = (unsigned)random_below(random, total);
        if (present[i]) {
            present[i] = false;
            memset(work[i], 0xee, BYTES_MAX);
            symbols[i] = i < shape->data ? work[i] : NULL;
            lost--;
        }
    }
    return parity->ops->recover(parity, shape, symbols, present);
}

static void test_any_loss_up_to_the_repair_count_is_recovered(void **state) {
    (void)state;
    struct parity *parity = parity_open(NULL);
    struct random random = random_of(7, 0);
    const unsigned shapes[][2] = {{1, 1},     {1, 0},     {4, 1},   {8, 2},   {10, 20}, {160, 9},
                                  {127, 127}, {128, 127}, {1, 254}, {254, 1}, {255, 0}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        for (int trial = 0; trial < 8; trial++) {
            struct parity_shape shape =
                fill_and_encode(parity, &random, shapes[s][0], shapes[s][1]);
            unsigned lost =
                trial ? (unsigned)random_below(&random, shape.repair + 1u) : (unsigned)shape.repair;
            assert_int_equal(lose_and_recover(parity, &random, &shape, lost), SATSYNC_OK);
            for (unsigned i = 0; i < shape.data; i++) {
                assert_memory_equal(work[i], original[i], shape.bytes);
            }
        }
    }
    parity_close(parity);
}

static void test_more_loss_than_repair_is_refused(void **state) {
    (void)state;
    struct parity *parity = parity_open(NULL);
    struct random random = random_of(8, 0);
    struct parity_shape shape = fill_and_encode(parity, &random, 20, 4);
    assert_int_equal(lose_and_recover(parity, &random, &shape, 5), SATSYNC_INCOMPLETE);
    assert_int_equal(lose_and_recover(parity, &random, &shape, 24), SATSYNC_INCOMPLETE);
    parity_close(parity);
}

static void test_repair_symbol_depends_on_its_number_alone(void **state) {
    (void)state;
    struct parity *parity = parity_open(NULL);
    struct random random = random_of(9, 0);
    struct parity_shape shape = fill_and_encode(parity, &random, 30, 20);
    const uint8_t *sources[PARITY_SYMBOLS_MAX];
    for (unsigned i = 0; i < shape.data; i++) {
        sources[i] = original[i];
    }
    for (unsigned r = 0; r < 20; r++) {
        uint8_t *targets[20] = {NULL};
        targets[r] = work[0];
        shape.repair = (uint16_t)(r + 1);
        parity->ops->encode(parity, &shape, sources, targets);
        assert_memory_equal(work[0], original[30 + r], shape.bytes);
    }
    parity_close(parity);
}

/* Fixes the code itself: a second implementation must give these bytes. 1/(2^0), 1/(2^1) ... over
 * 0x11d: inverse of 2 is 0x8e, of 3 is 0xf4. */
static void test_code_is_the_documented_cauchy_code(void **state) {
    (void)state;
    struct parity *parity = parity_open(NULL);
    struct parity_shape shape = {2, 1, 1};
    const uint8_t one = 1;
    const uint8_t zero = 0;
    uint8_t out = 0;
    uint8_t *targets[1] = {&out};
    const uint8_t *first[2] = {&one, &zero};
    const uint8_t *second[2] = {&zero, &one};
    parity_encode(parity, &shape, first, targets);
    assert_int_equal(out, 0x8e);
    parity_encode(parity, &shape, second, targets);
    assert_int_equal(out, 0xf4);
    parity_close(parity);
}

static void *no_memory(void *context, size_t bytes) {
    (void)context;
    (void)bytes;
    return NULL;
}

static void test_no_memory_gives_null(void **state) {
    (void)state;
    struct allocator empty = {no_memory, NULL, NULL};
    assert_null(parity_open(&empty));
    parity_close(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_loss_up_to_the_repair_count_is_recovered),
        cmocka_unit_test(test_more_loss_than_repair_is_refused),
        cmocka_unit_test(test_repair_symbol_depends_on_its_number_alone),
        cmocka_unit_test(test_code_is_the_documented_cauchy_code),
        cmocka_unit_test(test_no_memory_gives_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
