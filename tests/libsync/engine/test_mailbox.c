#include "engine/mailbox.h"

#include "engine/wire.h"
#include "support/allocator.h"
#include "support/cmocka.h"
#include "support/fake_link.h"

#include <string.h>

struct world {
    struct counting_allocator counting;
    struct fake_link fake;
    struct mailbox mailbox;
};

static void begin(struct world *world, size_t fail_at) {
    counting_allocator_init(&world->counting, fail_at);
    fake_link_init(&world->fake);
    mailbox_init(&world->mailbox, &world->fake.link, &world->counting.allocator, NULL);
}

static void end(struct world *world) {
    fake_link_return_all(&world->fake);
    mailbox_fini(&world->mailbox);
    assert_int_equal(world->counting.live, 0);
    fake_link_fini(&world->fake);
}

static uint8_t *text_of(struct world *world, const char *text) {
    return (uint8_t *)memory_string(&world->counting.allocator, text);
}

static enum satsync_status letter_begins(struct world *world, uint64_t message, uint64_t bytes) {
    struct link_event event = fake_link_began(LINK_CONTROL, message, bytes);
    return mailbox_begin(&world->mailbox, &event);
}

static bool letter_part(struct world *world, uint64_t message, const char *text, uint64_t from,
                        uint64_t to) {
    struct link_event event = fake_link_data(message, strlen(text), from,
                                             (const uint8_t *)text + from, (size_t)(to - from));
    return mailbox_data(&world->mailbox, &event);
}

static bool letter_ends(struct world *world, uint64_t message, struct letter *letter) {
    struct link_event event = fake_link_received(message, 0);
    return mailbox_received(&world->mailbox, &event, letter);
}

static void test_letter_goes_out_whole_in_the_control_class(void **state) {
    (void)state;
    struct world world;
    begin(&world, 0);
    uint64_t number = 77;
    assert_int_equal(mailbox_send(&world.mailbox, text_of(&world, "first"), 5, NULL), SATSYNC_OK);
    assert_int_equal(mailbox_send(&world.mailbox, text_of(&world, "second"), 6, &number),
                     SATSYNC_OK);
    assert_int_equal(number, 1);
    assert_int_equal(world.fake.message_count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(world.fake.messages[i].class, LINK_CONTROL);
        assert_int_equal(world.fake.messages[i].written, world.fake.messages[i].bytes);
    }
    assert_memory_equal(world.fake.messages[0].data, "first", 5);
    assert_memory_equal(world.fake.messages[1].data, "second", 6);
    end(&world);
}

static void test_sent_letter_lives_until_its_slice_returns(void **state) {
    (void)state;
    struct world world;
    begin(&world, 0);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(mailbox_send(&world.mailbox, text_of(&world, "letter"), 6, NULL),
                         SATSYNC_OK);
    }
    size_t live = world.counting.live;
    fake_link_return(&world.fake, 1);
    assert_int_equal(world.counting.live, live - 2);
    fake_link_return(&world.fake, 2);
    assert_int_equal(world.counting.live, 0);
    end(&world);
}

static void test_letter_that_cannot_go_out_is_freed(void **state) {
    (void)state;
    static const struct {
        enum satsync_status submit;
        enum satsync_status write;
        enum satsync_status result;
    } cases[] = {{SATSYNC_NO_MEMORY, SATSYNC_OK, SATSYNC_NO_MEMORY},
                 {SATSYNC_LIMIT, SATSYNC_OK, SATSYNC_LIMIT},
                 {SATSYNC_OK, SATSYNC_NO_PATH, SATSYNC_NO_PATH},
                 {SATSYNC_OK, SATSYNC_AGAIN, SATSYNC_LIMIT}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        begin(&world, 0);
        world.fake.submit_status = cases[i].submit;
        world.fake.write_status = cases[i].write;
        assert_int_equal(mailbox_send(&world.mailbox, text_of(&world, "letter"), 6, NULL),
                         cases[i].result);
        assert_int_equal(world.fake.slice_count, 0);
        assert_int_equal(world.counting.live, 0);
        end(&world);
    }
}

static void test_letter_is_freed_when_there_is_no_memory_to_send_it(void **state) {
    (void)state;
    struct world world;
    begin(&world, 2);
    uint8_t *data = text_of(&world, "letter");
    assert_int_equal(mailbox_send(&world.mailbox, data, 6, NULL), SATSYNC_NO_MEMORY);
    assert_int_equal(world.counting.live, 0);
    assert_int_equal(world.fake.message_count, 0);
    end(&world);
}

static void test_letter_comes_together_in_any_order(void **state) {
    (void)state;
    struct world world;
    struct letter letter;
    begin(&world, 0);
    assert_int_equal(letter_begins(&world, 9, 11), SATSYNC_OK);
    assert_true(letter_part(&world, 9, "hello there", 6, 11));
    assert_true(letter_part(&world, 9, "hello there", 0, 1));
    assert_true(letter_part(&world, 9, "hello there", 1, 6));
    assert_int_equal(world.fake.released_bytes, 11);
    assert_true(letter_ends(&world, 9, &letter));
    assert_int_equal(letter.message, 9);
    assert_int_equal(letter.bytes, 11);
    assert_memory_equal(letter.data, "hello there", 11);
    mailbox_drop(&world.mailbox, &letter);
    assert_false(letter_ends(&world, 9, &letter));
    end(&world);
}

static void test_letters_do_not_mix(void **state) {
    (void)state;
    struct world world;
    static const char *const texts[] = {"aaaa", "bbbb", "cccc", "dddd"};
    begin(&world, 0);
    for (uint64_t i = 0; i < 4; i++) {
        assert_int_equal(letter_begins(&world, 100 + i, 4), SATSYNC_OK);
        assert_true(letter_part(&world, 100 + i, texts[i], 2, 4));
    }
    for (uint64_t i = 4; i-- > 0;) {
        struct letter letter;
        assert_true(letter_part(&world, 100 + i, texts[i], 0, 2));
        assert_true(letter_ends(&world, 100 + i, &letter));
        assert_memory_equal(letter.data, texts[i], 4);
        mailbox_drop(&world.mailbox, &letter);
    }
    end(&world);
}

static void test_fifth_open_letter_breaks_the_protocol(void **state) {
    (void)state;
    struct world world;
    struct letter letter;
    begin(&world, 0);
    for (uint64_t i = 0; i < MAILBOX_OPEN_LETTERS; i++) {
        assert_int_equal(letter_begins(&world, i, 1), SATSYNC_OK);
    }
    assert_int_equal(letter_begins(&world, 4, 1), SATSYNC_PROTOCOL);
    assert_false(letter_part(&world, 4, "x", 0, 1));
    assert_true(letter_part(&world, 2, "x", 0, 1));
    assert_true(letter_ends(&world, 2, &letter));
    mailbox_drop(&world.mailbox, &letter);
    assert_int_equal(letter_begins(&world, 5, 1), SATSYNC_OK);
    assert_int_equal(letter_begins(&world, 6, 1), SATSYNC_PROTOCOL);
    end(&world);
}

static void test_letter_too_long_is_refused_before_memory_is_taken(void **state) {
    (void)state;
    struct world world;
    begin(&world, 0);
    assert_int_equal(letter_begins(&world, 0, WIRE_MESSAGE_LIMIT + 1), SATSYNC_PROTOCOL);
    assert_int_equal(letter_begins(&world, 0, UINT64_C(1) << 61), SATSYNC_PROTOCOL);
    assert_int_equal(world.counting.calls, 0);
    assert_int_equal(letter_begins(&world, 0, WIRE_MESSAGE_LIMIT), SATSYNC_OK);
    end(&world);
}

static void test_bytes_of_others_are_left_to_others(void **state) {
    (void)state;
    struct world world;
    struct letter letter;
    begin(&world, 0);
    assert_int_equal(letter_begins(&world, 3, 4), SATSYNC_OK);
    assert_false(letter_part(&world, 4, "bulk", 0, 4));
    assert_int_equal(world.fake.released_bytes, 0);
    assert_false(letter_ends(&world, 4, &letter));
    /* Number 0 is that of an empty slot as well. */
    assert_false(letter_part(&world, 0, "bulk", 0, 4));
    end(&world);
}

static void test_no_memory_for_a_letter_leaves_its_slot_free(void **state) {
    (void)state;
    struct world world;
    begin(&world, 1);
    struct budget memory;
    budget_init(&memory, 4 * MAILBOX_OPEN_LETTERS);
    world.mailbox.memory = &memory;
    assert_int_equal(letter_begins(&world, 0, 4), SATSYNC_NO_MEMORY);
    assert_false(letter_part(&world, 0, "text", 0, 4));
    for (uint64_t i = 1; i <= MAILBOX_OPEN_LETTERS; i++) {
        assert_int_equal(letter_begins(&world, i, 4), SATSYNC_OK);
    }
    end(&world);
}

static void test_letter_beyond_the_budget_is_refused_until_another_is_dropped(void **state) {
    (void)state;
    struct world world;
    struct budget memory;
    struct letter letter;
    begin(&world, 0);
    budget_init(&memory, 10);
    world.mailbox.memory = &memory;
    assert_int_equal(letter_begins(&world, 0, 4), SATSYNC_OK);
    assert_int_equal(letter_begins(&world, 1, 4), SATSYNC_OK);
    assert_int_equal(letter_begins(&world, 2, 4), SATSYNC_LIMIT);
    assert_int_equal(world.counting.calls, 2);
    assert_true(letter_part(&world, 0, "text", 0, 4));
    assert_true(letter_ends(&world, 0, &letter));
    mailbox_drop(&world.mailbox, &letter);
    assert_int_equal(letter_begins(&world, 2, 4), SATSYNC_OK);
    end(&world);
    assert_true(budget_take(&memory, 10));
}

static void test_fini_frees_what_came_half_and_what_never_returned(void **state) {
    (void)state;
    struct world world;
    begin(&world, 0);
    assert_int_equal(letter_begins(&world, 0, 4), SATSYNC_OK);
    assert_true(letter_part(&world, 0, "text", 0, 2));
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(mailbox_send(&world.mailbox, text_of(&world, "letter"), 6, NULL),
                         SATSYNC_OK);
    }
    mailbox_fini(&world.mailbox);
    assert_int_equal(world.counting.live, 0);
    world.fake.slice_count = 0; /* as when an endpoint closes without events */
    fake_link_fini(&world.fake);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_letter_goes_out_whole_in_the_control_class),
        cmocka_unit_test(test_sent_letter_lives_until_its_slice_returns),
        cmocka_unit_test(test_letter_that_cannot_go_out_is_freed),
        cmocka_unit_test(test_letter_is_freed_when_there_is_no_memory_to_send_it),
        cmocka_unit_test(test_letter_comes_together_in_any_order),
        cmocka_unit_test(test_letters_do_not_mix),
        cmocka_unit_test(test_fifth_open_letter_breaks_the_protocol),
        cmocka_unit_test(test_letter_too_long_is_refused_before_memory_is_taken),
        cmocka_unit_test(test_bytes_of_others_are_left_to_others),
        cmocka_unit_test(test_no_memory_for_a_letter_leaves_its_slot_free),
        cmocka_unit_test(test_letter_beyond_the_budget_is_refused_until_another_is_dropped),
        cmocka_unit_test(test_fini_frees_what_came_half_and_what_never_returned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
