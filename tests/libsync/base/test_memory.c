#include "base/memory.h"

#include "support/allocator.h"
#include "support/cmocka.h"

#include <string.h>

static void test_new_memory_is_zero_from_any_allocator(void **state) {
    (void)state;
    struct counting_allocator counting;
    counting_allocator_init(&counting, 0);
    const struct allocator *allocators[] = {NULL, &counting.allocator};
    for (size_t i = 0; i < 2; i++) {
        unsigned char *memory = memory_new(allocators[i], 10, 10);
        for (size_t at = 0; at < 100; at++) {
            assert_int_equal(memory[at], 0);
        }
        memory_free(allocators[i], memory);
    }
    assert_int_equal(counting.calls, 1);
    assert_int_equal(counting.live, 0);
}

static void test_product_that_overflows_is_no_memory(void **state) {
    (void)state;
    struct counting_allocator counting;
    counting_allocator_init(&counting, 0);
    assert_null(memory_new(&counting.allocator, SIZE_MAX / 2, 3));
    assert_int_equal(counting.calls, 0);
    void *nothing = memory_new(&counting.allocator, 0, 5);
    assert_non_null(nothing);
    memory_free(&counting.allocator, nothing);
    memory_free(&counting.allocator, NULL);
    assert_int_equal(counting.live, 0);
}

static void test_growth_keeps_the_old_and_zeroes_the_new(void **state) {
    (void)state;
    struct counting_allocator counting;
    counting_allocator_init(&counting, 2);
    char *memory = memory_string(&counting.allocator, "abc");
    assert_null(memory_grow(&counting.allocator, memory, 4, 8));
    assert_string_equal(memory, "abc");
    memory = memory_grow(&counting.allocator, memory, 4, 8);
    assert_memory_equal(memory, "abc\0\0\0\0\0", 8);
    assert_int_equal(counting.live, 1);
    memory_free(&counting.allocator, memory);
    assert_int_equal(counting.live, 0);
}

static void test_string_without_memory_is_null(void **state) {
    (void)state;
    struct counting_allocator counting;
    counting_allocator_init(&counting, 1);
    assert_null(memory_string(&counting.allocator, "abc"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_memory_is_zero_from_any_allocator),
        cmocka_unit_test(test_product_that_overflows_is_no_memory),
        cmocka_unit_test(test_growth_keeps_the_old_and_zeroes_the_new),
        cmocka_unit_test(test_string_without_memory_is_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
