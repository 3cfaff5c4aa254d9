#include "rounds/parcel.h"
#include "support/allocator.h"
#include "support/cmocka.h"

static struct counting_allocator counting;
static struct outbox outbox;

static void open_outbox(void) {
    counting_allocator_init(&counting, 0);
    assert_int_equal(outbox_init(&outbox, &counting.allocator), SATSYNC_OK);
}

static struct parcel *push(enum link_class class, uint64_t step) {
    struct parcel *parcel = parcel_new(&counting.allocator, class, 10);
    assert_non_null(parcel);
    parcel->step = step;
    assert_true(outbox_push(&outbox, parcel));
    parcel_drop(parcel);
    return parcel;
}

static void test_control_goes_first_and_each_in_order(void **state) {
    (void)state;
    open_outbox();
    struct parcel *gradient[2] = {push(LINK_GRADIENT, 1), push(LINK_GRADIENT, 1)};
    struct parcel *control[2] = {push(LINK_CONTROL, 0), push(LINK_CONTROL, 0)};
    struct parcel *wanted[] = {control[0], control[1], gradient[0], gradient[1]};
    for (size_t i = 0; i < 4; i++) {
        struct parcel *parcel = outbox_pop(&outbox, 0);
        assert_ptr_equal(parcel, wanted[i]);
        parcel_drop(parcel);
    }
    assert_null(outbox_pop(&outbox, 0));
    outbox_fini(&outbox);
    assert_int_equal(counting.live, 0);
}

static void test_what_a_peer_has_applied_is_not_sent_to_it(void **state) {
    (void)state;
    open_outbox();
    push(LINK_GRADIENT, 3);
    push(LINK_GRADIENT, 4);
    struct parcel *kept = push(LINK_GRADIENT, 5);
    struct parcel *parcel = outbox_pop(&outbox, 4);
    assert_ptr_equal(parcel, kept);
    parcel_drop(parcel);
    outbox_fini(&outbox);
    assert_int_equal(counting.live, 0);
}

static void test_a_full_queue_refuses_and_lives_on(void **state) {
    (void)state;
    open_outbox();
    for (size_t i = 0; i < OUTBOX_CONTROL; i++) {
        push(LINK_CONTROL, 0);
    }
    struct parcel *parcel = parcel_new(&counting.allocator, LINK_CONTROL, 1);
    assert_false(outbox_push(&outbox, parcel));
    assert_int_equal(parcel->references, 1);
    parcel_drop(parcel);
    parcel_drop(NULL);
    outbox_fini(&outbox);
    assert_int_equal(counting.live, 0);
}

static void test_what_was_lent_comes_back_one_by_one_or_at_the_end(void **state) {
    (void)state;
    counting_allocator_init(&counting, 0);
    struct lent_parcels lent = {NULL};
    struct parcel *parcel[3];
    for (size_t i = 0; i < 3; i++) {
        parcel[i] = parcel_new(&counting.allocator, LINK_CONTROL, 1);
        parcel_lend(&lent, parcel[i]);
        parcel_lend(&lent, parcel_share(parcel[i])); /* to two peers */
    }
    parcel_take_back(&lent, parcel[1]);
    assert_int_equal(counting.live, 3);
    parcel_take_back(&lent, parcel[1]);
    assert_int_equal(counting.live, 2);
    parcel_take_back(&lent, parcel[2]);
    parcel_take_back_all(&lent);
    assert_int_equal(counting.live, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_control_goes_first_and_each_in_order),
        cmocka_unit_test(test_what_a_peer_has_applied_is_not_sent_to_it),
        cmocka_unit_test(test_what_was_lent_comes_back_one_by_one_or_at_the_end),
        cmocka_unit_test(test_a_full_queue_refuses_and_lives_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
