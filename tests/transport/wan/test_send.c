#include "transport/wan/send.h"

#include "support/cmocka.h"

#include <string.h>

static uint8_t bytes[20000];

static struct send make(size_t messages, size_t slices) {
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 7 + i / 256);
    }
    struct send send;
    struct send_options options = {messages, slices, 256, 1472, NULL};
    assert_int_equal(send_init(&send, &options), SATSYNC_OK);
    return send;
}

static uint64_t open_one(struct send *send, uint64_t total) {
    uint64_t number;
    struct link_message message = {.class = LINK_GRADIENT, .bytes = total};
    assert_int_equal(send_open(send, &message, &number), SATSYNC_OK);
    return number;
}

static enum satsync_status write_at(struct send *send, uint64_t number, size_t from, size_t count) {
    return send_write(send, number, &(struct link_slice){bytes + from, count, bytes + from});
}

static void test_symbols_leave_whole_and_carry_the_bytes_of_all_slices(void **state) {
    (void)state;
    struct send send = make(4, 64);
    uint64_t number = open_one(&send, 5000);
    struct send_symbol symbol;
    assert_int_equal(write_at(&send, number, 0, 700), SATSYNC_OK);
    assert_false(send_peek(&send, LINK_GRADIENT, 0, &symbol));
    assert_int_equal(write_at(&send, number, 700, 4300), SATSYNC_OK);
    uint8_t copy[2000];
    uint64_t offset = 0;
    while (send_peek(&send, LINK_GRADIENT, 0, &symbol)) {
        assert_int_equal(symbol.offset, offset);
        send_copy(&send, &symbol, copy);
        assert_memory_equal(copy, bytes + offset, symbol.bytes);
        assert_true((send_view(&send, &symbol) != NULL) == (offset > 0));
        send_take(&send, &symbol);
        offset += symbol.bytes;
    }
    assert_int_equal(offset, 5000);
    send_fini(&send);
}

static void test_slices_return_in_order_once_all_before_arrived(void **state) {
    (void)state;
    struct send send = make(4, 64);
    uint64_t number = open_one(&send, 8000);
    struct send_symbol symbols[8];
    struct link_event event;
    size_t count = 0;
    for (size_t from = 0; from < 8000; from += 2000) {
        assert_int_equal(write_at(&send, number, from, 2000), SATSYNC_OK);
    }
    while (send_peek(&send, LINK_GRADIENT, 0, &symbols[count])) {
        send_take(&send, &symbols[count++]);
    }
    assert_int_equal(count, 6);
    for (size_t i = count - 1; i > 0; i--) {
        assert_true(send_arrived(&send, symbols[i].slot, number, i) > 0);
        assert_int_equal(send_arrived(&send, symbols[i].slot, number, i), 0);
        assert_false(send_event(&send, &event));
    }
    struct send_symbol again;
    assert_false(send_again(&send, &symbols[1], &again));
    assert_true(send_again(&send, &symbols[0], &again));
    assert_true(send_arrived(&send, symbols[0].slot, number, 0) > 0);
    for (size_t from = 0; from < 8000; from += 2000) {
        assert_true(send_event(&send, &event));
        assert_int_equal(event.kind, LINK_EVENT_RETURNED);
        assert_ptr_equal(event.cookie, bytes + from);
    }
    assert_true(send_event(&send, &event));
    assert_int_equal(event.kind, LINK_EVENT_DELIVERED);
    assert_false(send_event(&send, &event));
    assert_int_equal(send_arrived(&send, symbols[0].slot, number, 0), 0);
    send_fini(&send);
}

/* Of several that belong together the last is waited for: only its end is covered. */
static void test_what_more_follows_is_covered_at_the_end_of_all(void **state) {
    (void)state;
    for (int follows = 0; follows < 2; follows++) {
        struct send send = make(4, 64);
        struct send_symbol symbol;
        for (int i = 0; i < 2; i++) {
            uint64_t number;
            const struct link_message message = {LINK_GRADIENT, 8000, follows && i == 0};
            assert_int_equal(send_open(&send, &message, &number), SATSYNC_OK);
            assert_int_equal(write_at(&send, number, 0, 8000), SATSYNC_OK);
        }
        assert_true(send_peek(&send, LINK_GRADIENT, 8000, &symbol));
        for (uint64_t first = symbol.message; send_peek(&send, LINK_GRADIENT, 8000, &symbol);) {
            assert_int_equal(symbol.covered, symbol.message != first || !follows);
            send_take(&send, &symbol);
        }
        send_fini(&send);
    }
}

static void test_covered_blocks_keep_their_slices_until_repair_is_made(void **state) {
    (void)state;
    struct send send = make(4, 64);
    uint64_t number = open_one(&send, 3000);
    struct send_symbol symbol;
    struct link_event event;
    assert_int_equal(write_at(&send, number, 0, 3000), SATSYNC_OK);
    while (send_peek(&send, LINK_GRADIENT, 100000, &symbol)) {
        assert_true(symbol.covered);
        send_take(&send, &symbol);
        assert_true(send_arrived(&send, symbol.slot, number, symbol.index) > 0);
    }
    assert_false(send_event(&send, &event));
    send_unhold(&send, symbol.slot);
    assert_true(send_event(&send, &event));
    assert_int_equal(event.kind, LINK_EVENT_RETURNED);
    send_fini(&send);
}

static void test_a_writer_refused_for_want_of_slices_is_woken(void **state) {
    (void)state;
    struct send send = make(4, 2);
    uint64_t a = open_one(&send, 1000);
    uint64_t b = open_one(&send, 1000);
    struct send_symbol symbol;
    struct link_event event;
    assert_int_equal(write_at(&send, a, 0, 500), SATSYNC_OK);
    assert_int_equal(write_at(&send, a, 500, 500), SATSYNC_OK);
    assert_int_equal(write_at(&send, b, 0, 500), SATSYNC_AGAIN);
    assert_true(send_peek(&send, LINK_GRADIENT, 0, &symbol));
    send_take(&send, &symbol);
    assert_true(send_arrived(&send, symbol.slot, a, 0) == 1000);
    bool woken = false;
    while (send_event(&send, &event)) {
        woken = woken || (event.kind == LINK_EVENT_WRITABLE && event.message == b);
    }
    assert_true(woken);
    assert_int_equal(write_at(&send, b, 0, 500), SATSYNC_OK);
    send_fini(&send);
}

static void test_ranges_from_the_peer_mark_whole_symbols_only(void **state) {
    (void)state;
    struct send send = make(4, 4);
    uint64_t number = open_one(&send, 10000);
    struct send_symbol symbol;
    assert_int_equal(write_at(&send, number, 0, 10000), SATSYNC_OK);
    for (int i = 0; i < 4; i++) {
        assert_true(send_peek(&send, LINK_GRADIENT, 0, &symbol));
        send_take(&send, &symbol);
    }
    uint64_t size = symbol.symbol_bytes;
    assert_int_equal(send_arrived_bytes(&send, number, 1, 2 * size), size);
    assert_int_equal(send_arrived_bytes(&send, number, 0, UINT64_MAX), 0);
    assert_int_equal(send_arrived_bytes(&send, number + 1, 0, 10), 0);
    /* What never left cannot have arrived. */
    assert_int_equal(send_arrived_bytes(&send, number, 0, 10000), 3 * size);
    send_fini(&send);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_symbols_leave_whole_and_carry_the_bytes_of_all_slices),
        cmocka_unit_test(test_slices_return_in_order_once_all_before_arrived),
        cmocka_unit_test(test_what_more_follows_is_covered_at_the_end_of_all),
        cmocka_unit_test(test_covered_blocks_keep_their_slices_until_repair_is_made),
        cmocka_unit_test(test_a_writer_refused_for_want_of_slices_is_woken),
        cmocka_unit_test(test_ranges_from_the_peer_mark_whole_symbols_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
