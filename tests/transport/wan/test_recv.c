#include "transport/wan/recv.h"

#include "support/cmocka.h"

static struct recv make(size_t messages, size_t gaps) {
    struct recv recv;
    assert_int_equal(recv_init(&recv, &(struct recv_options){messages, gaps, 12345, NULL}),
                     SATSYNC_OK);
    return recv;
}

static enum satsync_status take(struct recv *recv, uint64_t message, uint64_t offset,
                                uint64_t bytes, struct recv_news *news) {
    struct recv_part part = {message, LINK_GRADIENT, 1000, offset, bytes};
    return recv_take(recv, &part, news);
}

static void test_each_byte_is_new_once(void **state) {
    (void)state;
    struct recv recv = make(4, 16);
    struct recv_news news;
    assert_int_equal(take(&recv, 7, 0, 500, &news), SATSYNC_OK);
    assert_true(news.began && !news.finished);
    assert_true(news.fresh.from == 0 && news.fresh.to == 500);
    assert_int_equal(take(&recv, 7, 0, 500, &news), SATSYNC_OK);
    assert_true(!news.began && news.fresh.from == news.fresh.to);
    assert_int_equal(take(&recv, 7, 400, 600, &news), SATSYNC_OK);
    assert_true(news.fresh.from == 500 && news.fresh.to == 1000 && news.finished);
    assert_int_equal(recv.bytes, 1000);
    recv_fini(&recv);
}

static void test_a_finished_message_does_not_begin_again(void **state) {
    (void)state;
    struct recv recv = make(4, 16);
    struct recv_news news;
    assert_int_equal(take(&recv, 7, 0, 1000, &news), SATSYNC_OK);
    assert_true(news.began && news.finished);
    assert_int_equal(take(&recv, 7, 0, 1000, &news), SATSYNC_OK);
    assert_true(!news.began && !news.finished && news.fresh.from == news.fresh.to);
    assert_true(recv_has(&recv, &(struct recv_part){.message = 7, .bytes = 1000}));
    assert_false(recv_has(&recv, &(struct recv_part){.message = 6, .bytes = 1000}));
    recv_fini(&recv);
}

static void test_full_tables_refuse_and_change_nothing(void **state) {
    (void)state;
    struct recv recv = make(2, 2);
    struct recv_news news;
    assert_int_equal(take(&recv, 0, 0, 10, &news), SATSYNC_OK);
    assert_int_equal(take(&recv, 1, 0, 10, &news), SATSYNC_OK);
    assert_int_equal(take(&recv, 2, 0, 10, &news), SATSYNC_LIMIT);
    assert_int_equal(take(&recv, 0, 20, 10, &news), SATSYNC_OK);
    assert_int_equal(take(&recv, 0, 40, 10, &news), SATSYNC_LIMIT);
    assert_int_equal(take(&recv, 0, 10, 10, &news), SATSYNC_OK);
    assert_int_equal(take(&recv, 0, 40, 10, &news), SATSYNC_OK);
    assert_int_equal(recv.bytes, 50);
    recv_fini(&recv);
}

static void test_contradictions_break_the_protocol(void **state) {
    (void)state;
    struct recv recv = make(2, 4);
    struct recv_news news;
    assert_int_equal(take(&recv, 0, 0, 10, &news), SATSYNC_OK);
    struct recv_part part = {0, LINK_CONTROL, 1000, 10, 10};
    assert_int_equal(recv_take(&recv, &part, &news), SATSYNC_PROTOCOL);
    part = (struct recv_part){0, LINK_GRADIENT, 1001, 10, 10};
    assert_int_equal(recv_take(&recv, &part, &news), SATSYNC_PROTOCOL);
    recv_fini(&recv);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_byte_is_new_once),
        cmocka_unit_test(test_a_finished_message_does_not_begin_again),
        cmocka_unit_test(test_full_tables_refuse_and_change_nothing),
        cmocka_unit_test(test_contradictions_break_the_protocol),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
