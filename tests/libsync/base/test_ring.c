#include "base/ring.h"

#include "support/allocator.h"
#include "support/cmocka.h"

static void test_elements_leave_in_the_order_they_came(void **state) {
    (void)state;
    struct ring ring;
    assert_int_equal(ring_init(&ring, 3, sizeof(int), NULL), SATSYNC_OK);
    int in = 0;
    int out = 0;
    /* Lengths 1, 2, 3 in turn move the head over every wrap. */
    for (int round = 0; round < 30; round++) {
        for (int i = 0; i <= round % 3; i++, in++) {
            assert_true(ring_push(&ring, &in));
        }
        for (size_t i = 0; i < ring.count; i++) {
            assert_int_equal(*(int *)ring_at(&ring, i), out + (int)i);
        }
        int element;
        while (ring_pop(&ring, &element)) {
            assert_int_equal(element, out++);
        }
    }
    assert_int_equal(in, out);
    ring_fini(&ring);
}

static void test_full_ring_refuses_and_keeps_its_content(void **state) {
    (void)state;
    struct ring ring;
    assert_int_equal(ring_init(&ring, 2, sizeof(int), NULL), SATSYNC_OK);
    assert_true(ring_push(&ring, &(int){1}));
    assert_true(ring_push(&ring, &(int){2}));
    assert_false(ring_push(&ring, &(int){3}));
    int element = 0;
    assert_true(ring_pop(&ring, &element));
    assert_int_equal(element, 1);
    assert_true(ring_pop(&ring, &element));
    assert_int_equal(element, 2);
    assert_false(ring_pop(&ring, &element));
    ring_fini(&ring);
}

static void test_ring_without_memory_says_so(void **state) {
    (void)state;
    struct counting_allocator counting;
    counting_allocator_init(&counting, 1);
    struct ring ring;
    assert_int_equal(ring_init(&ring, 2, 4, &counting.allocator), SATSYNC_NO_MEMORY);
    ring_fini(&ring);
    assert_int_equal(ring_init(&ring, SIZE_MAX, 4, &counting.allocator), SATSYNC_NO_MEMORY);
    ring_fini(&ring);
    assert_int_equal(counting.live, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elements_leave_in_the_order_they_came),
        cmocka_unit_test(test_full_ring_refuses_and_keeps_its_content),
        cmocka_unit_test(test_ring_without_memory_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
