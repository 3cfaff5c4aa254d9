#include "transport/rendezvous/card.h"

#include "support/cmocka.h"

#include <string.h>

static void test_a_card_survives(void **state) {
    (void)state;
    uint8_t bytes[CARD_BYTES];
    const struct card card = {.rank = 2, .ranks = 3, .job = 99, .address = "ucx:1"};
    struct card read;
    card_write(&card, bytes);
    assert_true(card_read(&read, bytes));
    assert_true(read.rank == 2 && read.ranks == 3 && read.job == 99);
    assert_string_equal(read.address, "ucx:1");
}

static void test_what_is_no_card_is_refused(void **state) {
    (void)state;
    static const struct {
        size_t at;
        uint8_t value;
    } changes[] = {{0, 0}, {4, 3}, {8, 1}, {8, RENDEZVOUS_RANKS + 1}, {20, 0}, {CARD_BYTES - 1, 1}};
    const struct card card = {.rank = 2, .ranks = 3, .address = "a"};
    struct card read;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        uint8_t bytes[CARD_BYTES];
        card_write(&card, bytes);
        bytes[changes[i].at] = changes[i].value;
        assert_false(card_read(&read, bytes));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_card_survives),
        cmocka_unit_test(test_what_is_no_card_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
