#include "transport/wan/repeat.h"

#include "support/cmocka.h"

static void test_classes_keep_their_own_order(void **state) {
    (void)state;
    struct repeat repeat;
    assert_int_equal(repeat_init(&repeat, 64, NULL), SATSYNC_OK);
    for (uint64_t i = 0; i < 10; i++) {
        repeat_lost(&repeat, &(struct repeat_entry){.symbol = i, .class = i % 2});
    }
    struct repeat_entry entry;
    assert_true(repeat_pop(&repeat, LINK_GRADIENT, &entry));
    assert_int_equal(entry.symbol, 1);
    assert_true(repeat_pop(&repeat, LINK_CONTROL, &entry));
    assert_int_equal(entry.symbol, 0);
    assert_true(repeat_pop(&repeat, LINK_CONTROL, &entry));
    assert_int_equal(entry.symbol, 2);
    assert_false(repeat_pop(&repeat, LINK_CHECKPOINT, &entry));
    repeat_fini(&repeat);
}

static void test_deferred_symbols_wait_for_their_packet(void **state) {
    (void)state;
    struct repeat repeat;
    struct repeat_entry entry;
    assert_int_equal(repeat_init(&repeat, 64, NULL), SATSYNC_OK);
    repeat_defer(&repeat, &(struct repeat_entry){.symbol = 1, .after = 100});
    repeat_defer(&repeat, &(struct repeat_entry){.symbol = 2, .after = 110});
    repeat_release(&repeat, 99);
    assert_false(repeat_pop(&repeat, LINK_CONTROL, &entry));
    repeat_release(&repeat, 100);
    assert_true(repeat_pop(&repeat, LINK_CONTROL, &entry));
    assert_int_equal(entry.symbol, 1);
    assert_false(repeat_pop(&repeat, LINK_CONTROL, &entry));
    repeat_fini(&repeat);
}

static void test_the_tail_forgets_the_oldest(void **state) {
    (void)state;
    struct repeat repeat;
    struct repeat_entry entry;
    assert_int_equal(repeat_init(&repeat, 64, NULL), SATSYNC_OK);
    for (uint64_t i = 0; i <= repeat.tail.capacity; i++) {
        repeat_remember(&repeat, &(struct repeat_entry){.symbol = i});
    }
    assert_true(repeat_pop_tail(&repeat, &entry));
    assert_int_equal(entry.symbol, 1);
    repeat_fini(&repeat);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes_keep_their_own_order),
        cmocka_unit_test(test_deferred_symbols_wait_for_their_packet),
        cmocka_unit_test(test_the_tail_forgets_the_oldest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
