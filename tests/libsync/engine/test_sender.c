#include "engine/sender.h"

#include "base/check.h"
#include "support/allocator.h"
#include "support/cmocka.h"
#include "support/fake_link.h"

#include <stdlib.h>
#include <string.h>

enum { MIB = 1 << 20, PACKS = 3, SLICES_LIMIT = 160 };

/* Packs whose bytes say where they are from, and a count of what was read. */
struct pack_reader {
    uint8_t pack;
};

struct fake_packs {
    struct chunks chunks; /* first */
    unsigned opens;
    unsigned closes;
    uint64_t reads;
    uint64_t fail_read; /* number of the read that fails, from 1; 0: none */
};

static uint8_t byte_at(uint8_t pack, uint64_t offset) {
    return (uint8_t)(offset * 7 + (offset >> 12) * 13 + pack * 101U);
}

static struct fake_packs *fake_packs; /* readers have no context of their own */

static enum satsync_status pack_open(struct chunks *chunks, const struct pack_id *id,
                                     struct pack_reader **reader, struct satsync_error *error) {
    (void)error;
    ((struct fake_packs *)chunks)->opens++;
    *reader = malloc(sizeof **reader);
    assert_non_null(*reader);
    (*reader)->pack = id->bytes[0];
    return SATSYNC_OK;
}

static enum satsync_status pack_read(struct pack_reader *reader, uint64_t offset, void *data,
                                     size_t bytes, struct satsync_error *error) {
    if (++fake_packs->reads == fake_packs->fail_read) {
        return error_set(error, SATSYNC_IO, "pack", "the disk says no");
    }
    for (size_t i = 0; i < bytes; i++) {
        ((uint8_t *)data)[i] = byte_at(reader->pack, offset + i);
    }
    return SATSYNC_OK;
}

static void pack_close(struct pack_reader *reader) {
    fake_packs->closes++;
    free(reader);
}

static const uint64_t pack_bytes[PACKS] = {UINT64_C(5) * MIB, 4096, UINT64_C(200) * MIB};

struct world {
    struct counting_allocator counting;
    struct fake_link fake;
    struct fake_packs packs;
    struct mailbox mailbox;
    struct sender sender;
};

static void begin(struct world *world, size_t fail_at) {
    static const struct chunks_ops ops = {
        .pack_open = pack_open, .pack_read = pack_read, .pack_close = pack_close};
    memset(world, 0, sizeof *world);
    counting_allocator_init(&world->counting, fail_at);
    fake_link_init(&world->fake);
    world->packs.chunks.ops = &ops;
    fake_packs = &world->packs;
    mailbox_init(&world->mailbox, &world->fake.link, &world->counting.allocator, NULL);
}

static enum satsync_status offer(struct world *world, bool plan_only) {
    struct sender_pack packs[PACKS];
    for (uint8_t i = 0; i < PACKS; i++) {
        packs[i] = (struct sender_pack){.id = {{i}}, .bytes = pack_bytes[i]};
    }
    static const uint8_t manifest[] = "manifest";
    const struct sender_request request = {.step = 12,
                                           .manifest = manifest,
                                           .manifest_bytes = sizeof manifest,
                                           .packs = packs,
                                           .pack_count = PACKS,
                                           .plan_only = plan_only};
    return sender_init(&world->sender, &request, &world->mailbox, &world->packs.chunks);
}

static void end(struct world *world) {
    fake_link_return_all(&world->fake);
    sender_fini(&world->sender);
    mailbox_fini(&world->mailbox);
    assert_int_equal(world->counting.live, 0);
    assert_int_equal(world->packs.opens, world->packs.closes);
    fake_link_fini(&world->fake);
}

static enum satsync_status want(struct world *world, const struct wire_range *ranges,
                                uint32_t count) {
    uint8_t data[512];
    struct wire_message message = {.kind = WIRE_WANT, .present_bytes = 99, .range_count = count};
    size_t bytes = wire_encode(&message, data, sizeof data);
    for (uint32_t i = 0; i < count; i++) {
        bytes += wire_put_range(&ranges[i], data + bytes, sizeof data - bytes);
    }
    assert_int_equal(wire_decode(data, bytes, &message, NULL), SATSYNC_OK);
    return sender_want(&world->sender, &message, NULL);
}

/* Steps until it says that there is no more to do at once. */
static enum satsync_status run(struct world *world) {
    bool more = true;
    enum satsync_status status = SATSYNC_OK;
    while (more && status == SATSYNC_OK) {
        status = sender_step(&world->sender, &more, NULL);
    }
    return status;
}

static void begin_sending(struct world *world, const struct wire_range *ranges, uint32_t count) {
    begin(world, 0);
    assert_int_equal(offer(world, false), SATSYNC_OK);
    assert_int_equal(want(world, ranges, count), SATSYNC_OK);
}

/* Message `number` is whole, of its class, and carries the range. */
static void assert_carried(const struct world *world, size_t number,
                           const struct wire_range *range) {
    const struct fake_message *message = &world->fake.messages[number];
    assert_int_equal(message->class, LINK_CHECKPOINT);
    assert_int_equal(message->bytes, range->bytes);
    assert_int_equal(message->written, range->bytes);
    for (uint64_t i = 0; i < range->bytes; i++) {
        if (message->data[i] != byte_at((uint8_t)range->file, range->offset + i)) {
            fail_msg("byte %llu of message %zu is wrong", (unsigned long long)i, number);
        }
    }
}

static void test_offer_says_what_was_requested(void **state) {
    (void)state;
    for (int plan_only = 0; plan_only < 2; plan_only++) {
        struct world world;
        struct wire_message message;
        begin(&world, 0);
        assert_int_equal(offer(&world, plan_only), SATSYNC_OK);
        assert_int_equal(world.sender.state, SENDER_OFFERED);
        assert_int_equal(world.sender.total_bytes, pack_bytes[0] + pack_bytes[1] + pack_bytes[2]);
        assert_int_equal(world.fake.message_count, 1);
        const struct fake_message *sent = &world.fake.messages[0];
        assert_int_equal(sent->class, LINK_CONTROL);
        assert_int_equal(wire_decode(sent->data, sent->bytes, &message, NULL), SATSYNC_OK);
        assert_int_equal(message.kind, WIRE_OFFER);
        assert_int_equal(message.step, 12);
        assert_int_equal(message.plan_only, plan_only);
        assert_memory_equal(message.manifest, "manifest", 9);
        assert_int_equal(run(&world), SATSYNC_OK);
        assert_int_equal(world.fake.message_count, 1);
        end(&world);
    }
}

static void test_wanted_ranges_are_sent_in_their_order(void **state) {
    (void)state;
    struct world world;
    static const struct wire_range ranges[] = {
        {2, 77, 2 * MIB + MIB / 2}, {0, 0, MIB}, {1, 0, 4096}, {0, 5 * MIB - 1, 1}};
    begin_sending(&world, ranges, 4);
    assert_int_equal(world.sender.wanted_bytes, 3 * MIB + MIB / 2 + 4097);
    assert_int_equal(world.sender.present_bytes, 99);
    assert_int_equal(run(&world), SATSYNC_OK);
    assert_int_equal(world.sender.state, SENDER_SENT);
    assert_int_equal(world.fake.message_count, 5);
    for (size_t i = 0; i < 4; i++) {
        assert_carried(&world, i + 1, &ranges[i]);
    }
    assert_int_equal(world.sender.written_bytes, world.sender.wanted_bytes);
    assert_int_equal(world.sender.slices_lent, 6);
    fake_link_return_all(&world.fake);
    assert_int_equal(world.sender.slices_lent, 0);
    end(&world);
}

static void test_nothing_wanted_is_sent_at_once(void **state) {
    (void)state;
    struct world world;
    begin_sending(&world, NULL, 0);
    assert_int_equal(world.sender.state, SENDER_SENT);
    assert_int_equal(run(&world), SATSYNC_OK);
    assert_int_equal(world.fake.message_count, 1);
    assert_int_equal(world.packs.opens, 0);
    end(&world);
}

static void test_bytes_that_no_pack_has_are_refused(void **state) {
    (void)state;
    static const struct wire_range bad[] = {
        {PACKS, 0, 1}, {UINT32_MAX, 0, 1}, {1, 4096, 1},       {1, 0, 4097},           {1, 4095, 2},
        {1, 0, 0},     {1, UINT64_MAX, 1}, {1, 1, UINT64_MAX}, {0, UINT64_MAX - 1, 2},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct world world;
        const struct wire_range ranges[] = {{0, 0, 1}, bad[i]};
        begin(&world, 0);
        assert_int_equal(offer(&world, false), SATSYNC_OK);
        assert_int_equal(want(&world, ranges, 2), SATSYNC_PROTOCOL);
        assert_int_equal(run(&world), SATSYNC_OK);
        assert_int_equal(world.fake.message_count, 1);
        end(&world);
    }
}

static void test_second_answer_is_refused(void **state) {
    (void)state;
    struct world world;
    static const struct wire_range range = {1, 0, 4096};
    begin_sending(&world, &range, 1);
    assert_int_equal(want(&world, &range, 1), SATSYNC_PROTOCOL);
    assert_int_equal(run(&world), SATSYNC_OK);
    assert_int_equal(world.sender.state, SENDER_SENT);
    assert_int_equal(want(&world, &range, 1), SATSYNC_PROTOCOL);
    assert_carried(&world, 1, &range);
    end(&world);
}

static void test_step_is_bounded_and_says_that_there_is_more(void **state) {
    (void)state;
    struct world world;
    static const struct wire_range range = {2, 0, UINT64_C(9) * MIB};
    bool more = false;
    begin_sending(&world, &range, 1);
    assert_int_equal(sender_step(&world.sender, &more, NULL), SATSYNC_OK);
    assert_true(more);
    assert_in_range(world.sender.written_bytes, MIB, 8 * MIB);
    assert_int_equal(run(&world), SATSYNC_OK);
    assert_carried(&world, 1, &range);
    end(&world);
}

static void test_full_link_costs_no_second_read(void **state) {
    (void)state;
    struct world world;
    static const struct wire_range range = {2, 5, UINT64_C(3) * MIB};
    begin_sending(&world, &range, 1);
    world.fake.slices_taken = 1;
    assert_int_equal(run(&world), SATSYNC_OK);
    assert_int_equal(world.sender.written_bytes, MIB);
    for (int i = 0; i < 3; i++) {
        sender_writable(&world.sender);
        assert_int_equal(run(&world), SATSYNC_OK);
    }
    assert_int_equal(world.packs.reads, 2);
    world.fake.slices_taken = 100;
    /* Blocked until the link says that it takes more. */
    assert_int_equal(run(&world), SATSYNC_OK);
    assert_int_equal(world.sender.written_bytes, MIB);
    sender_writable(&world.sender);
    assert_int_equal(run(&world), SATSYNC_OK);
    assert_int_equal(world.packs.reads, 3);
    assert_carried(&world, 1, &range);
    end(&world);
}

static void test_too_many_open_messages_wait_for_a_slice_to_return(void **state) {
    (void)state;
    struct world world;
    static const struct wire_range ranges[] = {{0, 0, 10}, {1, 0, 20}, {2, 0, 30}};
    begin_sending(&world, ranges, 3);
    world.fake.messages_taken = 1;
    assert_int_equal(run(&world), SATSYNC_OK);
    assert_int_equal(world.sender.range, 1);
    assert_int_equal(world.sender.state, SENDER_SENDING);
    world.fake.messages_taken = 100;
    fake_link_return_all(&world.fake);
    assert_int_equal(run(&world), SATSYNC_OK);
    assert_int_equal(world.sender.state, SENDER_SENT);
    for (size_t i = 0; i < 3; i++) {
        assert_carried(&world, i + 1, &ranges[i]);
    }
    end(&world);
}

static void test_slices_that_return_late_bound_what_is_in_flight(void **state) {
    (void)state;
    struct world world;
    static const struct wire_range range = {2, 0, UINT64_C(170) * MIB};
    begin(&world, 0);
    assert_int_equal(offer(&world, false), SATSYNC_OK);
    fake_link_return_all(&world.fake);
    world.fake.drops_bytes = true;
    assert_int_equal(want(&world, &range, 1), SATSYNC_OK);
    assert_int_equal(run(&world), SATSYNC_OK);
    assert_int_equal(world.sender.slices_lent, SLICES_LIMIT);
    assert_int_equal(run(&world), SATSYNC_OK);
    assert_int_equal(world.sender.slices_lent, SLICES_LIMIT);
    fake_link_return(&world.fake, 3);
    assert_int_equal(run(&world), SATSYNC_OK);
    assert_int_equal(world.sender.written_bytes, UINT64_C(163) * MIB);
    fake_link_return(&world.fake, 100);
    assert_int_equal(run(&world), SATSYNC_OK);
    assert_int_equal(world.sender.state, SENDER_SENT);
    assert_int_equal(world.sender.slices, SLICES_LIMIT);
    end(&world);
}

static void test_what_could_not_be_read_is_not_sent(void **state) {
    (void)state;
    struct world world;
    static const struct wire_range range = {2, 3, UINT64_C(3) * MIB};
    struct satsync_error error;
    bool more;
    begin_sending(&world, &range, 1);
    world.packs.fail_read = 2;
    assert_int_equal(sender_step(&world.sender, &more, &error), SATSYNC_IO);
    assert_string_equal(error.message, "the disk says no");
    assert_int_equal(world.sender.written_bytes, MIB);
    /* Should somebody go on, it is read again. */
    assert_int_equal(run(&world), SATSYNC_OK);
    assert_carried(&world, 1, &range);
    end(&world);
}

static void test_link_that_is_gone_ends_the_step(void **state) {
    (void)state;
    struct world world;
    static const struct wire_range range = {2, 0, UINT64_C(3) * MIB};
    begin_sending(&world, &range, 1);
    world.fake.write_status = SATSYNC_NO_PATH;
    assert_int_equal(run(&world), SATSYNC_NO_PATH);
    assert_int_equal(world.sender.written_bytes, 0);
    end(&world);
}

static void test_every_failed_allocation_ends_cleanly_or_costs_nothing(void **state) {
    (void)state;
    static const struct wire_range range = {2, 0, UINT64_C(3) * MIB};
    bool all_done = false;
    for (size_t fail_at = 1; !all_done; fail_at++) {
        struct world world;
        begin(&world, fail_at);
        enum satsync_status status = offer(&world, false);
        status = status == SATSYNC_OK ? want(&world, &range, 1) : status;
        status = status == SATSYNC_OK ? run(&world) : status;
        all_done = world.counting.calls < fail_at;
        if (status == SATSYNC_OK) {
            fake_link_return_all(&world.fake);
            assert_int_equal(run(&world), SATSYNC_OK);
            assert_carried(&world, 1, &range);
        } else {
            assert_int_equal(status, SATSYNC_NO_MEMORY);
        }
        end(&world);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_offer_says_what_was_requested),
        cmocka_unit_test(test_wanted_ranges_are_sent_in_their_order),
        cmocka_unit_test(test_nothing_wanted_is_sent_at_once),
        cmocka_unit_test(test_bytes_that_no_pack_has_are_refused),
        cmocka_unit_test(test_second_answer_is_refused),
        cmocka_unit_test(test_step_is_bounded_and_says_that_there_is_more),
        cmocka_unit_test(test_full_link_costs_no_second_read),
        cmocka_unit_test(test_too_many_open_messages_wait_for_a_slice_to_return),
        cmocka_unit_test(test_slices_that_return_late_bound_what_is_in_flight),
        cmocka_unit_test(test_what_could_not_be_read_is_not_sent),
        cmocka_unit_test(test_link_that_is_gone_ends_the_step),
        cmocka_unit_test(test_every_failed_allocation_ends_cleanly_or_costs_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
