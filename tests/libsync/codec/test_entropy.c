#include "codec/entropy.h"

#include "base/random.h"
#include "support/cmocka.h"

#include <string.h>

enum { BYTES = 100000 };

static uint8_t raw[BYTES];
static uint8_t coded[BYTES + 1000];
static uint8_t back[BYTES];

/* Bytes of which about half are zero, a quarter one, and so on: two bits each. */
static void fill_geometric(void) {
    struct random random = random_of(4, 0);
    for (size_t i = 0; i < BYTES; i++) {
        raw[i] = (uint8_t)__builtin_ctz(random_u32(&random) | 1u << 30);
    }
}

static void test_both_modes_round_trip(void **state) {
    (void)state;
    struct entropy *entropy = entropy_new(NULL);
    fill_geometric();
    for (int mode = ENTROPY_HUFFMAN; mode <= ENTROPY_ZSTD; mode++) {
        for (size_t bytes = 1; bytes <= BYTES; bytes = bytes * 3 + 1) {
            struct entropy_span span = {raw, bytes, coded, sizeof coded};
            size_t made;
            assert_int_equal(entropy_encode(entropy, (enum entropy_mode)mode, &span, &made),
                             SATSYNC_OK);
            assert_true(made > 0);
            assert_true(entropy_decode(entropy, coded, made, back, bytes));
            assert_memory_equal(back, raw, bytes);
            assert_false(entropy_decode(entropy, coded, made - 1, back, bytes));
            assert_false(entropy_decode(entropy, coded, made + 1, back, bytes));
            assert_false(entropy_decode(entropy, coded, made, back, bytes - 1));
            assert_true(bytes == BYTES || !entropy_decode(entropy, coded, made, back, bytes + 1));
        }
    }
    entropy_free(entropy);
}

static void test_two_frames_are_refused(void **state) {
    (void)state;
    struct entropy *entropy = entropy_new(NULL);
    struct entropy_span span = {raw, 100, coded, sizeof coded};
    size_t first;
    size_t second;
    assert_int_equal(entropy_encode(entropy, ENTROPY_ZSTD, &span, &first), SATSYNC_OK);
    span.coded += first;
    span.room -= first;
    assert_int_equal(entropy_encode(entropy, ENTROPY_ZSTD, &span, &second), SATSYNC_OK);
    assert_false(entropy_decode(entropy, coded, first + second, back, 200));
    entropy_free(entropy);
}

static void test_too_little_room_gives_nothing(void **state) {
    (void)state;
    struct entropy *entropy = entropy_new(NULL);
    struct random random = random_of(5, 0);
    random_bytes(&random, raw, BYTES);
    struct entropy_span span = {raw, BYTES, coded, BYTES - 1};
    size_t made = 1;
    assert_int_equal(entropy_encode(entropy, ENTROPY_HUFFMAN, &span, &made), SATSYNC_OK);
    assert_int_equal(made, 0);
    entropy_free(entropy);
}

static void test_estimate_is_near_shannon(void **state) {
    (void)state;
    struct random random = random_of(6, 0);
    fill_geometric();
    assert_in_range(entropy_estimate(raw, BYTES), 235, 265); /* 2 of 8 bits */
    random_bytes(&random, raw, BYTES);
    assert_in_range(entropy_estimate(raw, BYTES), 990, 1010);
    memset(raw, 7, BYTES);
    assert_int_equal(entropy_estimate(raw, BYTES), 0);
    assert_int_equal(entropy_estimate(raw, 1), 0);
    assert_int_equal(entropy_estimate(raw, 0), 1000);
}

static int left_until_failure;

static void *fail_later(void *context, size_t bytes) {
    (void)context;
    return left_until_failure-- > 0 ? test_malloc(bytes) : NULL;
}

static void release(void *context, void *memory) {
    (void)context;
    test_free(memory);
}

static void test_each_failed_allocation_is_reported_and_leaks_nothing(void **state) {
    (void)state;
    struct allocator allocator = {fail_later, release, NULL};
    fill_geometric();
    enum satsync_status status = SATSYNC_NO_MEMORY;
    for (int n = 0; status == SATSYNC_NO_MEMORY; n++) {
        assert_true(n < 100);
        left_until_failure = n;
        struct entropy *entropy = entropy_new(&allocator);
        if (entropy) {
            struct entropy_span span = {raw, BYTES, coded, sizeof coded};
            size_t made;
            status = entropy_encode(entropy, ENTROPY_HUFFMAN, &span, &made);
        }
        entropy_free(entropy);
    }
    assert_int_equal(status, SATSYNC_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_modes_round_trip),
        cmocka_unit_test(test_two_frames_are_refused),
        cmocka_unit_test(test_too_little_room_gives_nothing),
        cmocka_unit_test(test_estimate_is_near_shannon),
        cmocka_unit_test(test_each_failed_allocation_is_reported_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
