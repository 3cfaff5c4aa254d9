#include "transport/wan/sent.h"

#include "support/cmocka.h"

static void send_one(struct sent *sent) {
    struct sent_packet *packet = sent_begin(sent);
    packet->ip_bytes = 100;
    sent_commit(sent);
}

static void test_low_moves_past_what_is_settled(void **state) {
    (void)state;
    struct sent sent;
    assert_int_equal(sent_init(&sent, 8, NULL), SATSYNC_OK);
    for (int i = 0; i < 5; i++) {
        send_one(&sent);
    }
    assert_int_equal(sent.open_bytes, 500);
    sent_settle(&sent, sent_find(&sent, 1), SENT_ACKED);
    assert_int_equal(sent.low, 0);
    sent_settle(&sent, sent_find(&sent, 0), SENT_LOST);
    assert_int_equal(sent.low, 2);
    assert_int_equal(sent.open_count, 3);
    assert_int_equal(sent.open_bytes, 300);
    assert_int_equal(sent_find(&sent, 0)->state, SENT_LOST);
    sent_fini(&sent);
}

static void test_ring_is_full_while_the_oldest_is_open(void **state) {
    (void)state;
    struct sent sent;
    assert_int_equal(sent_init(&sent, 8, NULL), SATSYNC_OK);
    for (int i = 0; i < 8; i++) {
        assert_true(sent_has_room(&sent));
        send_one(&sent);
    }
    assert_false(sent_has_room(&sent));
    sent_settle(&sent, sent_find(&sent, 3), SENT_ACKED);
    assert_false(sent_has_room(&sent));
    sent_settle(&sent, sent_find(&sent, 0), SENT_ACKED);
    assert_true(sent_has_room(&sent));
    send_one(&sent);
    assert_null(sent_find(&sent, 0));
    assert_null(sent_find(&sent, 9));
    assert_non_null(sent_find(&sent, 8));
    sent_fini(&sent);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_low_moves_past_what_is_settled),
        cmocka_unit_test(test_ring_is_full_while_the_oldest_is_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
