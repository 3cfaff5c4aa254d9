#include "model/layout.h"

#include "base/random.h"
#include "support/cmocka.h"

static void test_chunks_tile_the_bytes(void **state) {
    (void)state;
    struct random random = random_of(1, 0);
    for (int trial = 0; trial < 2000; trial++) {
        uint8_t width = (uint8_t)(1u << random_below(&random, 4));
        struct layout layout =
            layout_of(random_below(&random, 300) * width, width, random_below(&random, 100));
        uint64_t at = 0;
        assert_true(layout.chunk_bytes >= width && layout.chunk_bytes % width == 0);
        for (uint64_t k = 0; k < layout_count(&layout); k++) {
            struct range chunk = layout_chunk(&layout, k);
            assert_int_equal(chunk.from, at);
            assert_true(chunk.to > chunk.from && chunk.to - chunk.from <= layout.chunk_bytes);
            assert_int_equal((chunk.to - chunk.from) % width, 0);
            at = chunk.to;
        }
        assert_int_equal(at, layout.bytes);
    }
}

static void test_overlap_is_the_chunks_that_share_a_byte(void **state) {
    (void)state;
    struct layout layout = layout_of(95, 1, 10);
    for (uint64_t from = 0; from <= 95; from++) {
        for (uint64_t to = from; to <= 95; to++) {
            struct range overlap = layout_overlap(&layout, from, to);
            for (uint64_t k = 0; k < layout_count(&layout); k++) {
                struct range chunk = layout_chunk(&layout, k);
                bool shares = from < to && chunk.from < to && from < chunk.to;
                assert_int_equal(shares, k >= overlap.from && k < overlap.to);
            }
        }
    }
}

static void test_largest_sizes_do_not_overflow(void **state) {
    (void)state;
    struct layout layout = layout_of(INT64_MAX, 1, 1 << 20);
    assert_int_equal(layout_count(&layout), (uint64_t)1 << 43);
    assert_int_equal(layout_chunk(&layout, ((uint64_t)1 << 43) - 1).to, INT64_MAX);
    struct layout empty = layout_of(0, 4, 1 << 20);
    assert_int_equal(layout_count(&empty), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chunks_tile_the_bytes),
        cmocka_unit_test(test_overlap_is_the_chunks_that_share_a_byte),
        cmocka_unit_test(test_largest_sizes_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
