/* A real store receives what another one holds, over a link without a peer. */
#include "engine/receiver.h"

#include "base/timers.h"
#include "support/cmocka.h"
#include "support/fake_link.h"
#include "support/two_sites.h"

#include <stdlib.h>
#include <string.h>

enum { STEP = 3, OFFER_MESSAGE = 10, SMALL = 300000, LARGE = 9000000 };

struct world {
    struct two_sites sites;
    struct store_manifest manifest; /* of end 0's checkpoint */
    struct fake_link fake;
    struct mailbox mailbox;
    struct receiver receiver;
    struct wire_message letter; /* as letter_of decoded it */
};

static void begin_untrusting(struct world *world, size_t bytes) {
    two_sites_open(&world->sites, "plain?rate=20M&rtt=20ms&seed=6");
    two_sites_save(&world->sites, STEP, bytes);
    assert_int_equal(store_manifest_read(world->sites.store[0], STEP, &world->manifest, NULL),
                     SATSYNC_OK);
    fake_link_init(&world->fake);
    mailbox_init(&world->mailbox, &world->fake.link, NULL);
}

static void begin(struct world *world, size_t bytes) {
    struct satsync_public_key key;
    begin_untrusting(world, bytes);
    satsync_key_public(world->sites.key[0], &key);
    assert_int_equal(satsync_store_trust(world->sites.store[1], &key, NULL), SATSYNC_OK);
}

static void end(struct world *world) {
    fake_link_return_all(&world->fake);
    mailbox_fini(&world->mailbox);
    fake_link_fini(&world->fake);
    store_manifest_fini(&world->manifest);
    two_sites_close(&world->sites);
}

static struct wire_message offer_of(const struct world *world) {
    return (struct wire_message){.kind = WIRE_OFFER,
                                 .step = STEP,
                                 .manifest = world->manifest.data,
                                 .manifest_bytes = world->manifest.bytes};
}

static void receive(struct world *world, const struct wire_message *offer) {
    assert_int_equal(receiver_init(&world->receiver, &world->mailbox, world->sites.store[1], offer,
                                   OFFER_MESSAGE),
                     SATSYNC_OK);
}

static void receive_offer(struct world *world) {
    struct wire_message offer = offer_of(world);
    receive(world, &offer);
}

/* The letter that the receiver sent `back` letters before the last one. */
static const struct wire_message *letter_of(struct world *world, size_t back) {
    assert_true(back < world->fake.message_count);
    const struct fake_message *sent = &world->fake.messages[world->fake.message_count - 1 - back];
    assert_int_equal(sent->class, LINK_CONTROL);
    assert_int_equal(wire_decode(sent->data, sent->bytes, &world->letter, NULL), SATSYNC_OK);
    return &world->letter;
}

static void assert_result(struct world *world, enum satsync_status status) {
    const struct wire_message *letter = letter_of(world, 0);
    assert_int_equal(letter->kind, WIRE_RESULT);
    if (letter->status != status) {
        fail_msg("%s instead of %s: %s", satsync_status_name(letter->status),
                 satsync_status_name(status), letter->text);
    }
    assert_int_equal(world->receiver.state, RECEIVER_FINISHED);
    assert_int_equal(world->receiver.result, status);
}

/* The bytes of range `index`, as end 0 has them; the caller frees them. */
static uint8_t *range_bytes(struct world *world, size_t index) {
    const struct wire_range *range = &world->receiver.ranges[index];
    struct chunks *chunks = world->sites.store[0]->chunks;
    struct pack_id id;
    struct pack_reader *reader;
    memcpy(id.bytes, world->manifest.root.packs[range->file].id, sizeof id.bytes);
    uint8_t *data = malloc(range->bytes);
    assert_non_null(data);
    assert_int_equal(chunks->ops->pack_open(chunks, &id, &reader, NULL), SATSYNC_OK);
    assert_int_equal(chunks->ops->pack_read(reader, range->offset, data, range->bytes, NULL),
                     SATSYNC_OK);
    chunks->ops->pack_close(reader);
    return data;
}

static void give(struct world *world, size_t index, const uint8_t *data, uint64_t from,
                 uint64_t to) {
    struct link_event event =
        fake_link_data(OFFER_MESSAGE + 1 + index, world->receiver.ranges[index].bytes, from,
                       data + from, (size_t)(to - from));
    assert_int_equal(receiver_data(&world->receiver, &event), SATSYNC_OK);
}

static void give_end(struct world *world, size_t index) {
    struct link_event event =
        fake_link_received(OFFER_MESSAGE + 1 + index, world->receiver.ranges[index].bytes);
    assert_int_equal(receiver_received(&world->receiver, &event), SATSYNC_OK);
}

/* Gives all that is wanted; byte `damage` of the first range is flipped when it is in there. */
static void give_all(struct world *world, uint64_t damage) {
    for (size_t i = 0; i < world->receiver.range_count; i++) {
        uint8_t *data = range_bytes(world, i);
        uint64_t bytes = world->receiver.ranges[i].bytes;
        if (i == 0 && damage < bytes) {
            data[damage] ^= 1;
        }
        give(world, i, data, 0, bytes);
        give_end(world, i);
        free(data);
    }
}

static void run(struct world *world) {
    bool more = true;
    while (more) {
        receiver_step(&world->receiver, 5, &more);
    }
}

static bool has_step(struct world *world) {
    size_t count;
    assert_int_equal(satsync_store_steps(world->sites.store[1], NULL, 0, &count, NULL), SATSYNC_OK);
    return count > 0;
}

static void test_offer_of_something_new_is_answered_with_all_of_it(void **state) {
    (void)state;
    struct world world;
    begin(&world, SMALL);
    receive_offer(&world);
    assert_int_equal(world.fake.message_count, 1);
    struct wire_message want = *letter_of(&world, 0);
    assert_int_equal(want.kind, WIRE_WANT);
    assert_int_equal(want.present_bytes, 0);
    uint64_t wanted_bytes = 0;
    for (uint32_t i = 0; i < want.range_count; i++) {
        struct wire_range range;
        assert_int_equal(wire_next_range(&want, &range), SATSYNC_OK);
        wanted_bytes += range.bytes;
    }
    assert_true(wanted_bytes > SMALL);
    assert_int_equal(wanted_bytes, world.receiver.total_bytes);
    assert_int_equal(world.receiver.state, RECEIVER_RECEIVING);
    receiver_fini(&world.receiver);
    end(&world);
}

static void test_bytes_in_any_order_become_the_checkpoint(void **state) {
    (void)state;
    struct world world;
    begin(&world, SMALL);
    receive_offer(&world);
    assert_int_equal(world.receiver.range_count, 1);
    uint8_t *data = range_bytes(&world, 0);
    uint64_t bytes = world.receiver.ranges[0].bytes;
    for (uint64_t start = bytes - bytes % 1400; start < bytes; start -= 1400) {
        bool more;
        give(&world, 0, data, start, start + 1400 < bytes ? start + 1400 : bytes);
        receiver_step(&world.receiver, 5, &more);
        assert_false(more);
        assert_false(has_step(&world));
    }
    give_end(&world, 0);
    run(&world);
    assert_result(&world, SATSYNC_OK);
    two_sites_assert_equal(&world.sites, STEP);
    free(data);
    receiver_fini(&world.receiver);
    end(&world);
}

static void test_damaged_piece_is_forgotten_and_asked_for_again(void **state) {
    (void)state;
    struct world world;
    begin(&world, LARGE);
    receive_offer(&world);
    uint64_t total_bytes = world.receiver.total_bytes;
    give_all(&world, 5000000);
    run(&world);
    assert_result(&world, SATSYNC_CORRUPT);
    assert_non_null(strstr(world.letter.text, "1 pieces"));
    assert_false(has_step(&world));
    receiver_fini(&world.receiver);

    receive_offer(&world);
    assert_int_equal(world.receiver.range_count, 1);
    assert_in_range(world.receiver.wanted_bytes, 1, total_bytes / 2 + 1000);
    assert_int_equal(world.receiver.present_bytes + world.receiver.wanted_bytes, total_bytes);
    assert_true(world.receiver.ranges[0].offset <= 5000000 &&
                5000000 < world.receiver.ranges[0].offset + world.receiver.ranges[0].bytes);
    give_all(&world, UINT64_MAX);
    run(&world);
    assert_result(&world, SATSYNC_OK);
    two_sites_assert_equal(&world.sites, STEP);
    receiver_fini(&world.receiver);
    end(&world);
}

static void test_damage_anywhere_in_a_pack_is_found(void **state) {
    (void)state;
    struct world world;
    begin(&world, 1000);
    const struct manifest_pack *pack = &world.manifest.root.packs[0];
    uint64_t padding = pack->table_offset + pack->table_bytes;
    assert_true(padding < pack->bytes);
    const uint64_t places[] = {0,       pack->table_offset - 1, pack->table_offset, padding - 1,
                               padding, pack->bytes - 1};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        receive_offer(&world);
        struct wire_range range = world.receiver.ranges[0];
        uint8_t *data = range_bytes(&world, 0);
        assert_true(places[i] >= range.offset && places[i] < range.offset + range.bytes);
        data[places[i] - range.offset] ^= 0x80;
        give(&world, 0, data, 0, range.bytes);
        give_end(&world, 0);
        run(&world);
        assert_result(&world, SATSYNC_CORRUPT);
        free(data);
        receiver_fini(&world.receiver);
        struct chunks *chunks = world.sites.store[1]->chunks;
        assert_int_equal(chunks->ops->incoming_discard(chunks, world.manifest.digest, NULL),
                         SATSYNC_OK);
    }
    assert_false(has_step(&world));
    end(&world);
}

/* Refused before anything is written: one letter, a result. */
static void assert_refused(struct world *world, const struct wire_message *offer,
                           enum satsync_status status) {
    size_t letters = world->fake.message_count;
    receive(world, offer);
    assert_int_equal(world->fake.message_count, letters + 1);
    const struct wire_message *letter = letter_of(world, 0);
    assert_int_equal(letter->kind, WIRE_RESULT);
    if (status == SATSYNC_OK) {
        enum satsync_status_class class = satsync_status_class(letter->status);
        assert_true(class == SATSYNC_CLASS_INTEGRITY || class == SATSYNC_CLASS_PEER);
    } else {
        assert_result(world, status);
    }
    assert_null(world->receiver.incoming);
    receiver_fini(&world->receiver);
    struct chunks *chunks = world->sites.store[1]->chunks;
    assert_int_equal(chunks->ops->incoming_discard(chunks, world->manifest.digest, NULL),
                     SATSYNC_NOT_FOUND);
}

static void forget_letters(struct world *world) {
    fake_link_return_all(&world->fake);
    fake_link_fini(&world->fake);
    fake_link_init(&world->fake);
}

static void test_manifest_flipped_or_cut_anywhere_is_refused(void **state) {
    (void)state;
    struct world world;
    begin(&world, 1000);
    uint8_t *copy = malloc(world.manifest.bytes);
    assert_non_null(copy);
    for (size_t i = 0; i < world.manifest.bytes; i++) {
        struct wire_message offer = offer_of(&world);
        memcpy(copy, world.manifest.data, world.manifest.bytes);
        copy[i] ^= 1;
        offer.manifest = copy;
        assert_refused(&world, &offer, SATSYNC_OK);
        offer = offer_of(&world);
        offer.manifest_bytes = i;
        assert_refused(&world, &offer, SATSYNC_OK);
        forget_letters(&world);
    }
    free(copy);
    end(&world);
}

static void test_manifest_of_another_step_than_offered_is_refused(void **state) {
    (void)state;
    struct world world;
    begin(&world, 1000);
    struct wire_message offer = offer_of(&world);
    offer.step = STEP + 1;
    assert_refused(&world, &offer, SATSYNC_PROTOCOL);
    end(&world);
}

static void test_signer_whom_the_store_does_not_trust_is_refused(void **state) {
    (void)state;
    struct world world;
    begin_untrusting(&world, 1000);
    struct wire_message offer = offer_of(&world);
    assert_refused(&world, &offer, SATSYNC_FORGED);
    assert_non_null(strstr(world.letter.text, "does not trust"));
    end(&world);
}

static void test_checkpoint_that_is_there_needs_nothing(void **state) {
    (void)state;
    struct world world;
    begin(&world, SMALL);
    receive_offer(&world);
    give_all(&world, UINT64_MAX);
    run(&world);
    receiver_fini(&world.receiver);

    receive_offer(&world);
    assert_result(&world, SATSYNC_OK);
    const struct wire_message *want = letter_of(&world, 1);
    assert_int_equal(want->kind, WIRE_WANT);
    assert_int_equal(want->range_count, 0);
    assert_int_equal(want->present_bytes, world.receiver.total_bytes);
    receiver_fini(&world.receiver);
    end(&world);
}

static void test_other_checkpoint_of_the_step_is_a_conflict(void **state) {
    (void)state;
    struct world world;
    begin(&world, 1000);
    struct satsync_save_options options;
    satsync_save_options_init(&options);
    options.step = STEP;
    struct satsync_save *save;
    struct satsync_operation *operation;
    assert_int_equal(satsync_save_begin(world.sites.store[1], &options, &save, NULL), SATSYNC_OK);
    assert_int_equal(satsync_save_commit(save, &operation, NULL), SATSYNC_OK);
    assert_int_equal(satsync_operation_wait(operation, UINT64_MAX, NULL), SATSYNC_OK);
    satsync_operation_free(operation);
    struct wire_message offer = offer_of(&world);
    assert_refused(&world, &offer, SATSYNC_CONFLICT);
    end(&world);
}

static void test_plan_is_answered_and_forgotten(void **state) {
    (void)state;
    struct world world;
    begin(&world, SMALL);
    struct wire_message offer = offer_of(&world);
    offer.plan_only = 1;
    receive(&world, &offer);
    assert_result(&world, SATSYNC_OK);
    assert_int_equal(letter_of(&world, 1)->kind, WIRE_WANT);
    assert_int_equal(world.letter.range_count, 1);
    /* Bytes that come all the same are dropped. */
    uint8_t byte = 1;
    give(&world, 0, &byte, 0, 1);
    give_end(&world, 0);
    run(&world);
    assert_int_equal(world.fake.message_count, 2);
    assert_false(has_step(&world));
    receiver_fini(&world.receiver);
    receive_offer(&world);
    assert_int_equal(world.receiver.present_bytes, 0);
    receiver_fini(&world.receiver);
    end(&world);
}

static void test_second_receiver_of_the_same_is_told_busy(void **state) {
    (void)state;
    struct world world;
    begin(&world, 1000);
    receive_offer(&world);
    struct receiver first = world.receiver;
    receive_offer(&world);
    assert_result(&world, SATSYNC_BUSY);
    receiver_fini(&world.receiver);
    receiver_fini(&first);
    receive_offer(&world);
    assert_int_equal(world.receiver.state, RECEIVER_RECEIVING);
    receiver_fini(&world.receiver);
    end(&world);
}

static void test_message_that_carries_no_wanted_range_breaks_the_protocol(void **state) {
    (void)state;
    struct world world;
    begin(&world, SMALL);
    receive_offer(&world);
    uint64_t bytes = world.receiver.ranges[0].bytes;
    const struct {
        uint64_t message;
        uint64_t message_bytes;
    } bad[] = {{OFFER_MESSAGE, bytes},         {0, bytes},
               {OFFER_MESSAGE + 2, bytes},     {UINT64_MAX, bytes},
               {OFFER_MESSAGE + 1, bytes - 1}, {OFFER_MESSAGE + 1, bytes + 1}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint8_t byte = 0;
        struct link_event data =
            fake_link_data(bad[i].message, bad[i].message_bytes, 0, &byte, sizeof byte);
        struct link_event received = fake_link_received(bad[i].message, bad[i].message_bytes);
        assert_int_equal(receiver_data(&world.receiver, &data), SATSYNC_PROTOCOL);
        assert_int_equal(receiver_received(&world.receiver, &received), SATSYNC_PROTOCOL);
    }
    assert_int_equal(world.receiver.received_bytes, 0);
    give_all(&world, UINT64_MAX);
    struct link_event again = fake_link_received(OFFER_MESSAGE + 1, bytes);
    assert_int_equal(receiver_received(&world.receiver, &again), SATSYNC_PROTOCOL);
    receiver_fini(&world.receiver);
    end(&world);
}

static void test_what_came_is_kept_for_the_next_attempt(void **state) {
    (void)state;
    struct world world;
    begin(&world, SMALL);
    receive_offer(&world);
    uint8_t *data = range_bytes(&world, 0);
    uint64_t bytes = world.receiver.ranges[0].bytes;
    give(&world, 0, data, 0, 100000);
    give(&world, 0, data, 200000, bytes);
    free(data);
    receiver_fini(&world.receiver);

    receive_offer(&world);
    assert_int_equal(letter_of(&world, 0)->present_bytes, bytes - 100000);
    assert_int_equal(world.receiver.range_count, 1);
    assert_int_equal(world.receiver.ranges[0].offset, 100000);
    assert_int_equal(world.receiver.ranges[0].bytes, 100000);
    give_all(&world, UINT64_MAX);
    run(&world);
    assert_result(&world, SATSYNC_OK);
    two_sites_assert_equal(&world.sites, STEP);
    receiver_fini(&world.receiver);
    end(&world);
}

static void test_bytes_are_synced_within_a_second_and_time_stands_still_without(void **state) {
    (void)state;
    struct world world;
    bool more;
    const uint64_t second = 1000000000;
    begin(&world, SMALL);
    receive_offer(&world);
    assert_int_equal(receiver_deadline(&world.receiver), TIME_NEVER);
    receiver_step(&world.receiver, 100 * second, &more);
    uint8_t *data = range_bytes(&world, 0);
    give(&world, 0, data, 0, 1);
    receiver_step(&world.receiver, 100 * second, &more);
    assert_int_equal(receiver_deadline(&world.receiver), TIME_NEVER);
    give(&world, 0, data, 1, 2);
    assert_int_equal(receiver_deadline(&world.receiver), 101 * second);
    receiver_step(&world.receiver, 101 * second - 1, &more);
    assert_int_equal(receiver_deadline(&world.receiver), 101 * second);
    receiver_step(&world.receiver, 101 * second, &more);
    assert_int_equal(receiver_deadline(&world.receiver), TIME_NEVER);
    free(data);
    receiver_fini(&world.receiver);
    end(&world);
}

static void test_text_of_an_answer_is_cut_to_its_limit(void **state) {
    (void)state;
    struct world world;
    char text[2 * WIRE_TEXT_LIMIT];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = 0;
    begin(&world, 1000);
    assert_int_equal(receiver_answer(&world.mailbox, SATSYNC_IO, text), SATSYNC_OK);
    assert_int_equal(strlen(letter_of(&world, 0)->text), WIRE_TEXT_LIMIT);
    assert_int_equal(world.letter.status, SATSYNC_IO);
    end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_offer_of_something_new_is_answered_with_all_of_it),
        cmocka_unit_test(test_bytes_in_any_order_become_the_checkpoint),
        cmocka_unit_test(test_damaged_piece_is_forgotten_and_asked_for_again),
        cmocka_unit_test(test_damage_anywhere_in_a_pack_is_found),
        cmocka_unit_test(test_manifest_flipped_or_cut_anywhere_is_refused),
        cmocka_unit_test(test_manifest_of_another_step_than_offered_is_refused),
        cmocka_unit_test(test_signer_whom_the_store_does_not_trust_is_refused),
        cmocka_unit_test(test_checkpoint_that_is_there_needs_nothing),
        cmocka_unit_test(test_other_checkpoint_of_the_step_is_a_conflict),
        cmocka_unit_test(test_plan_is_answered_and_forgotten),
        cmocka_unit_test(test_second_receiver_of_the_same_is_told_busy),
        cmocka_unit_test(test_message_that_carries_no_wanted_range_breaks_the_protocol),
        cmocka_unit_test(test_what_came_is_kept_for_the_next_attempt),
        cmocka_unit_test(test_bytes_are_synced_within_a_second_and_time_stands_still_without),
        cmocka_unit_test(test_text_of_an_answer_is_cut_to_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
