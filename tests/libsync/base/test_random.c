#include "base/random.h"

#include "support/cmocka.h"

#include <string.h>

/* The known answers of the Random123 distribution (kat_vectors, philox4x32 10). */
static void test_blocks_are_the_published_ones(void **state) {
    (void)state;
    static const struct {
        uint64_t seed, stream, counter;
        uint32_t block[4];
    } cases[] = {
        {0, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {UINT64_MAX, UINT64_MAX, UINT64_MAX, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {0x299f31d0a4093822,
         0x0370734413198a2e,
         0x85a308d3243f6a88,
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t block[4];
        random_block(cases[i].seed, cases[i].stream, cases[i].counter, block);
        assert_memory_equal(block, cases[i].block, sizeof block);
    }
}

static void test_stream_is_its_blocks_in_order(void **state) {
    (void)state;
    struct random random = random_of(5, 6);
    for (uint64_t counter = 0; counter < 10; counter++) {
        uint32_t block[4];
        random_block(5, 6, counter, block);
        for (int i = 0; i < 4; i++) {
            assert_int_equal(random_u32(&random), block[i]);
        }
    }
}

static void test_streams_of_one_seed_differ(void **state) {
    (void)state;
    struct random one = random_of(5, 1);
    struct random two = random_of(5, 2);
    assert_true(random_u64(&one) != random_u64(&two));
}

static void test_below_reaches_every_value_and_no_other(void **state) {
    (void)state;
    struct random random = random_of(7, 0);
    int seen[10] = {0};
    for (int i = 0; i < 10000; i++) {
        uint64_t value = random_below(&random, 10);
        assert_true(value < 10);
        seen[value]++;
    }
    for (int i = 0; i < 10; i++) {
        assert_in_range(seen[i], 850, 1150);
    }
    assert_int_equal(random_below(&random, 1), 0);
}

static void test_chance_is_never_at_zero_and_always_at_one(void **state) {
    (void)state;
    struct random random = random_of(8, 0);
    int quarter = 0;
    for (int i = 0; i < 10000; i++) {
        assert_false(random_chance(&random, 0));
        assert_true(random_chance(&random, (uint64_t)1 << 32));
        assert_true(random_chance(&random, UINT64_MAX));
        quarter += random_chance(&random, (uint64_t)1 << 30);
    }
    assert_in_range(quarter, 2350, 2650);
}

static void test_bytes_fill_exactly_what_was_asked_for(void **state) {
    (void)state;
    for (size_t bytes = 0; bytes < 20; bytes++) {
        struct random random = random_of(9, bytes);
        uint8_t data[24];
        memset(data, 0, sizeof data);
        random_bytes(&random, data, bytes);
        for (size_t i = bytes; i < sizeof data; i++) {
            assert_int_equal(data[i], 0);
        }
    }
    struct random random = random_of(0, 0);
    uint8_t data[5];
    random_bytes(&random, data, sizeof data);
    assert_memory_equal(data, ((uint8_t[]){0xd5, 0xe8, 0x27, 0x66, 0x8d}), 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_are_the_published_ones),
        cmocka_unit_test(test_stream_is_its_blocks_in_order),
        cmocka_unit_test(test_streams_of_one_seed_differ),
        cmocka_unit_test(test_below_reaches_every_value_and_no_other),
        cmocka_unit_test(test_chance_is_never_at_zero_and_always_at_one),
        cmocka_unit_test(test_bytes_fill_exactly_what_was_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
