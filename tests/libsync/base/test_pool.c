#include "base/pool.h"

#include "support/allocator.h"
#include "support/cmocka.h"

#include <string.h>

static void test_blocks_are_aligned_apart_and_come_back(void **state) {
    (void)state;
    struct pool pool;
    const struct pool_options options = {.blocks = 5, .block_bytes = 100, .align = 4096};
    assert_int_equal(pool_init(&pool, &options, NULL), SATSYNC_OK);
    for (int round = 0; round < 3; round++) {
        uint8_t *blocks[5];
        for (int i = 0; i < 5; i++) {
            blocks[i] = pool_take(&pool);
            assert_int_equal((uintptr_t)blocks[i] % 4096, 0);
            memset(blocks[i], i, 100);
        }
        assert_null(pool_take(&pool));
        for (int i = 0; i < 5; i++) {
            assert_int_equal(blocks[i][0], i);
            assert_int_equal(blocks[i][99], i);
            pool_give(&pool, blocks[i]);
        }
        assert_int_equal(pool.free_count, 5);
    }
    pool_fini(&pool);
}

static void test_pool_without_memory_leaves_nothing_behind(void **state) {
    (void)state;
    const struct pool_options options = {.blocks = 5, .block_bytes = 100, .align = 64};
    for (size_t fail_at = 1; fail_at <= 2; fail_at++) {
        struct counting_allocator counting;
        counting_allocator_init(&counting, fail_at);
        struct pool pool;
        assert_int_equal(pool_init(&pool, &options, &counting.allocator), SATSYNC_NO_MEMORY);
        assert_int_equal(counting.live, 0);
        pool_fini(&pool);
    }
}

static void test_pool_larger_than_the_address_space_is_refused(void **state) {
    (void)state;
    struct counting_allocator counting;
    counting_allocator_init(&counting, 0);
    const struct pool_options options = {
        .blocks = 1u << 20, .block_bytes = SIZE_MAX / 1024, .align = 64};
    struct pool pool;
    assert_int_equal(pool_init(&pool, &options, &counting.allocator), SATSYNC_NO_MEMORY);
    assert_int_equal(counting.calls, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_are_aligned_apart_and_come_back),
        cmocka_unit_test(test_pool_without_memory_leaves_nothing_behind),
        cmocka_unit_test(test_pool_larger_than_the_address_space_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
