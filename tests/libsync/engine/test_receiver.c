/* A real store receives what another one holds, over a link without a peer. */
#include "engine/receiver.h"

#include "base/timers.h"
#include "support/cmocka.h"
#include "support/receiver_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SMALL = 300000, LARGE = 9000000 };

static void test_offer_of_something_new_is_answered_with_all_of_it(void **state) {
    (void)state;
    struct receiver_world world;
    receiver_world_begin(&world, SMALL);
    receiver_world_receive_offer(&world);
    assert_int_equal(world.fake.message_count, 1);
    struct wire_message want = *receiver_world_letter(&world, 0);
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
    receiver_world_end(&world);
}

static void test_bytes_in_any_order_become_the_checkpoint(void **state) {
    (void)state;
    struct receiver_world world;
    receiver_world_begin(&world, SMALL);
    receiver_world_receive_offer(&world);
    assert_int_equal(world.receiver.range_count, 1);
    uint8_t *data = receiver_world_range(&world, 0);
    uint64_t bytes = world.receiver.ranges[0].bytes;
    for (uint64_t start = bytes - bytes % 1400; start < bytes; start -= 1400) {
        bool more;
        receiver_world_give(&world, 0, data, start, start + 1400 < bytes ? start + 1400 : bytes);
        receiver_step(&world.receiver, 5, &more);
        assert_false(more);
        assert_false(receiver_world_has_step(&world));
    }
    receiver_world_give_end(&world, 0);
    receiver_world_run(&world);
    receiver_world_assert_result(&world, SATSYNC_OK);
    two_sites_assert_equal(&world.sites, RECEIVER_WORLD_STEP);
    free(data);
    receiver_fini(&world.receiver);
    receiver_world_end(&world);
}

static void test_damaged_piece_is_forgotten_and_asked_for_again(void **state) {
    (void)state;
    struct receiver_world world;
    receiver_world_begin(&world, LARGE);
    receiver_world_receive_offer(&world);
    uint64_t total_bytes = world.receiver.total_bytes;
    receiver_world_give_all(&world, 5000000);
    receiver_world_run(&world);
    receiver_world_assert_result(&world, SATSYNC_CORRUPT);
    assert_non_null(strstr(world.letter.text, "1 pieces"));
    assert_false(receiver_world_has_step(&world));
    receiver_fini(&world.receiver);

    receiver_world_receive_offer(&world);
    assert_int_equal(world.receiver.range_count, 1);
    assert_in_range(world.receiver.wanted_bytes, 1, total_bytes / 2 + 1000);
    assert_int_equal(world.receiver.present_bytes + world.receiver.wanted_bytes, total_bytes);
    assert_true(world.receiver.ranges[0].offset <= 5000000 &&
                5000000 < world.receiver.ranges[0].offset + world.receiver.ranges[0].bytes);
    receiver_world_give_all(&world, UINT64_MAX);
    receiver_world_run(&world);
    receiver_world_assert_result(&world, SATSYNC_OK);
    two_sites_assert_equal(&world.sites, RECEIVER_WORLD_STEP);
    receiver_fini(&world.receiver);
    receiver_world_end(&world);
}

static void test_damage_anywhere_in_a_pack_is_found(void **state) {
    (void)state;
    struct receiver_world world;
    receiver_world_begin(&world, 1000);
    const struct manifest_pack *pack = &world.manifest.root.packs[0];
    uint64_t padding = pack->table_offset + pack->table_bytes;
    assert_true(padding < pack->bytes);
    const uint64_t places[] = {0,       pack->table_offset - 1, pack->table_offset, padding - 1,
                               padding, pack->bytes - 1};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        receiver_world_receive_offer(&world);
        struct wire_range range = world.receiver.ranges[0];
        uint8_t *data = receiver_world_range(&world, 0);
        assert_true(places[i] >= range.offset && places[i] < range.offset + range.bytes);
        data[places[i] - range.offset] ^= 0x80;
        receiver_world_give(&world, 0, data, 0, range.bytes);
        receiver_world_give_end(&world, 0);
        receiver_world_run(&world);
        receiver_world_assert_result(&world, SATSYNC_CORRUPT);
        free(data);
        receiver_fini(&world.receiver);
        struct chunks *chunks = world.sites.store[1]->chunks;
        assert_int_equal(chunks->ops->incoming_discard(chunks, world.manifest.digest, NULL),
                         SATSYNC_OK);
    }
    assert_false(receiver_world_has_step(&world));
    receiver_world_end(&world);
}

static void flip_byte_of_pack(const struct receiver_world *world) {
    const uint8_t *id = world->manifest.root.packs[0].id;
    char path[160];
    int length = snprintf(path, sizeof path, "%s/b.store/packs/", world->sites.folder);
    for (int i = 0; i < MANIFEST_ID_BYTES; i++) {
        length += snprintf(path + length, sizeof path - (size_t)length, "%02x", id[i]);
    }
    snprintf(path + length, sizeof path - (size_t)length, ".pack");
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    int byte = fgetc(file);
    rewind(file);
    assert_int_equal(fputc(byte ^ 1, file), byte ^ 1);
    assert_int_equal(fclose(file), 0);
}

static void test_damage_in_a_pack_of_the_store_is_told_as_the_stores(void **state) {
    (void)state;
    struct receiver_world world;
    receiver_world_begin(&world, 1000);
    receiver_world_receive_offer(&world);
    receiver_world_give_all(&world, UINT64_MAX);
    receiver_world_run(&world);
    receiver_world_assert_result(&world, SATSYNC_OK);
    receiver_fini(&world.receiver);
    struct chunks *chunks = world.sites.store[1]->chunks;
    assert_int_equal(chunks->ops->manifest_remove(chunks, RECEIVER_WORLD_STEP, NULL), SATSYNC_OK);
    flip_byte_of_pack(&world);

    receiver_world_receive_offer(&world);
    assert_int_equal(world.receiver.range_count, 0);
    receiver_world_run(&world);
    receiver_world_assert_result(&world, SATSYNC_CORRUPT);
    assert_non_null(strstr(world.letter.text, "a pack of the store"));
    assert_null(strstr(world.letter.text, "at the sender"));
    receiver_fini(&world.receiver);
    receiver_world_end(&world);
}

/* Refused before anything is written: one letter, a result. */
static void assert_refused(struct receiver_world *world, const struct wire_message *offer,
                           enum satsync_status status) {
    size_t letters = world->fake.message_count;
    receiver_world_receive(world, offer);
    assert_int_equal(world->fake.message_count, letters + 1);
    const struct wire_message *letter = receiver_world_letter(world, 0);
    assert_int_equal(letter->kind, WIRE_RESULT);
    if (status == SATSYNC_OK) {
        enum satsync_status_class class = satsync_status_class(letter->status);
        assert_true(class == SATSYNC_CLASS_INTEGRITY || class == SATSYNC_CLASS_PEER);
    } else {
        receiver_world_assert_result(world, status);
    }
    assert_null(world->receiver.incoming);
    receiver_fini(&world->receiver);
    struct chunks *chunks = world->sites.store[1]->chunks;
    assert_int_equal(chunks->ops->incoming_discard(chunks, world->manifest.digest, NULL),
                     SATSYNC_NOT_FOUND);
}

static void forget_letters(struct receiver_world *world) {
    fake_link_return_all(&world->fake);
    fake_link_fini(&world->fake);
    fake_link_init(&world->fake);
}

static void test_manifest_flipped_or_cut_anywhere_is_refused(void **state) {
    (void)state;
    struct receiver_world world;
    receiver_world_begin(&world, 1000);
    uint8_t *copy = malloc(world.manifest.bytes);
    assert_non_null(copy);
    for (size_t i = 0; i < world.manifest.bytes; i++) {
        struct wire_message offer = receiver_world_offer(&world);
        memcpy(copy, world.manifest.data, world.manifest.bytes);
        copy[i] ^= 1;
        offer.manifest = copy;
        assert_refused(&world, &offer, SATSYNC_OK);
        offer = receiver_world_offer(&world);
        offer.manifest_bytes = i;
        assert_refused(&world, &offer, SATSYNC_OK);
        forget_letters(&world);
    }
    free(copy);
    receiver_world_end(&world);
}

static void test_manifest_of_another_step_than_offered_is_refused(void **state) {
    (void)state;
    struct receiver_world world;
    receiver_world_begin(&world, 1000);
    struct wire_message offer = receiver_world_offer(&world);
    offer.step = RECEIVER_WORLD_STEP + 1;
    assert_refused(&world, &offer, SATSYNC_PROTOCOL);
    receiver_world_end(&world);
}

static void test_signer_whom_the_store_does_not_trust_is_refused(void **state) {
    (void)state;
    struct receiver_world world;
    receiver_world_begin_untrusting(&world, 1000);
    struct wire_message offer = receiver_world_offer(&world);
    assert_refused(&world, &offer, SATSYNC_FORGED);
    assert_non_null(strstr(world.letter.text, "does not trust"));
    receiver_world_end(&world);
}

static void test_checkpoint_that_is_there_needs_nothing(void **state) {
    (void)state;
    struct receiver_world world;
    receiver_world_begin(&world, SMALL);
    receiver_world_receive_offer(&world);
    receiver_world_give_all(&world, UINT64_MAX);
    receiver_world_run(&world);
    receiver_fini(&world.receiver);

    receiver_world_receive_offer(&world);
    receiver_world_assert_result(&world, SATSYNC_OK);
    const struct wire_message *want = receiver_world_letter(&world, 1);
    assert_int_equal(want->kind, WIRE_WANT);
    assert_int_equal(want->range_count, 0);
    assert_int_equal(want->present_bytes, world.receiver.total_bytes);
    receiver_fini(&world.receiver);
    receiver_world_end(&world);
}

static void test_other_checkpoint_of_the_step_is_a_conflict(void **state) {
    (void)state;
    struct receiver_world world;
    receiver_world_begin(&world, 1000);
    struct satsync_save_options options;
    satsync_save_options_init(&options);
    options.step = RECEIVER_WORLD_STEP;
    struct satsync_save *save;
    struct satsync_operation *operation;
    assert_int_equal(satsync_save_begin(world.sites.store[1], &options, &save, NULL), SATSYNC_OK);
    assert_int_equal(satsync_save_commit(save, &operation, NULL), SATSYNC_OK);
    assert_int_equal(satsync_operation_wait(operation, UINT64_MAX, NULL), SATSYNC_OK);
    satsync_operation_free(operation);
    struct wire_message offer = receiver_world_offer(&world);
    assert_refused(&world, &offer, SATSYNC_CONFLICT);
    receiver_world_end(&world);
}

static void test_plan_is_answered_and_forgotten(void **state) {
    (void)state;
    struct receiver_world world;
    receiver_world_begin(&world, SMALL);
    struct wire_message offer = receiver_world_offer(&world);
    offer.plan_only = 1;
    receiver_world_receive(&world, &offer);
    receiver_world_assert_result(&world, SATSYNC_OK);
    assert_int_equal(receiver_world_letter(&world, 1)->kind, WIRE_WANT);
    assert_int_equal(world.letter.range_count, 1);
    /* Bytes that come all the same are dropped. */
    uint8_t byte = 1;
    receiver_world_give(&world, 0, &byte, 0, 1);
    receiver_world_give_end(&world, 0);
    receiver_world_run(&world);
    assert_int_equal(world.fake.message_count, 2);
    assert_false(receiver_world_has_step(&world));
    receiver_fini(&world.receiver);
    receiver_world_receive_offer(&world);
    assert_int_equal(world.receiver.present_bytes, 0);
    receiver_fini(&world.receiver);
    receiver_world_end(&world);
}

static void test_second_receiver_of_the_same_is_told_busy(void **state) {
    (void)state;
    struct receiver_world world;
    receiver_world_begin(&world, 1000);
    receiver_world_receive_offer(&world);
    struct receiver first = world.receiver;
    receiver_world_receive_offer(&world);
    receiver_world_assert_result(&world, SATSYNC_BUSY);
    receiver_fini(&world.receiver);
    receiver_fini(&first);
    receiver_world_receive_offer(&world);
    assert_int_equal(world.receiver.state, RECEIVER_RECEIVING);
    receiver_fini(&world.receiver);
    receiver_world_end(&world);
}

static void test_message_that_carries_no_wanted_range_breaks_the_protocol(void **state) {
    (void)state;
    struct receiver_world world;
    receiver_world_begin(&world, SMALL);
    receiver_world_receive_offer(&world);
    uint64_t bytes = world.receiver.ranges[0].bytes;
    const struct {
        uint64_t message;
        uint64_t message_bytes;
    } bad[] = {{RECEIVER_WORLD_OFFER, bytes},         {0, bytes},
               {RECEIVER_WORLD_OFFER + 2, bytes},     {UINT64_MAX, bytes},
               {RECEIVER_WORLD_OFFER + 1, bytes - 1}, {RECEIVER_WORLD_OFFER + 1, bytes + 1}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint8_t byte = 0;
        struct link_event data =
            fake_link_data(bad[i].message, bad[i].message_bytes, 0, &byte, sizeof byte);
        struct link_event received = fake_link_received(bad[i].message, bad[i].message_bytes);
        assert_int_equal(receiver_data(&world.receiver, &data), SATSYNC_PROTOCOL);
        assert_int_equal(receiver_received(&world.receiver, &received), SATSYNC_PROTOCOL);
    }
    assert_int_equal(world.receiver.received_bytes, 0);
    receiver_world_give_all(&world, UINT64_MAX);
    struct link_event again = fake_link_received(RECEIVER_WORLD_OFFER + 1, bytes);
    assert_int_equal(receiver_received(&world.receiver, &again), SATSYNC_PROTOCOL);
    receiver_fini(&world.receiver);
    receiver_world_end(&world);
}

static void test_what_came_is_kept_for_the_next_attempt(void **state) {
    (void)state;
    struct receiver_world world;
    receiver_world_begin(&world, SMALL);
    receiver_world_receive_offer(&world);
    uint8_t *data = receiver_world_range(&world, 0);
    uint64_t bytes = world.receiver.ranges[0].bytes;
    receiver_world_give(&world, 0, data, 0, 100000);
    receiver_world_give(&world, 0, data, 200000, bytes);
    free(data);
    receiver_fini(&world.receiver);

    receiver_world_receive_offer(&world);
    assert_int_equal(receiver_world_letter(&world, 0)->present_bytes, bytes - 100000);
    assert_int_equal(world.receiver.range_count, 1);
    assert_int_equal(world.receiver.ranges[0].offset, 100000);
    assert_int_equal(world.receiver.ranges[0].bytes, 100000);
    receiver_world_give_all(&world, UINT64_MAX);
    receiver_world_run(&world);
    receiver_world_assert_result(&world, SATSYNC_OK);
    two_sites_assert_equal(&world.sites, RECEIVER_WORLD_STEP);
    receiver_fini(&world.receiver);
    receiver_world_end(&world);
}

static void test_bytes_are_synced_within_a_second_and_time_stands_still_without(void **state) {
    (void)state;
    struct receiver_world world;
    bool more;
    const uint64_t second = 1000000000;
    receiver_world_begin(&world, SMALL);
    receiver_world_receive_offer(&world);
    assert_int_equal(receiver_deadline(&world.receiver), TIME_NEVER);
    receiver_step(&world.receiver, 100 * second, &more);
    uint8_t *data = receiver_world_range(&world, 0);
    receiver_world_give(&world, 0, data, 0, 1);
    receiver_step(&world.receiver, 100 * second, &more);
    assert_int_equal(receiver_deadline(&world.receiver), TIME_NEVER);
    receiver_world_give(&world, 0, data, 1, 2);
    assert_int_equal(receiver_deadline(&world.receiver), 101 * second);
    receiver_step(&world.receiver, 101 * second - 1, &more);
    assert_int_equal(receiver_deadline(&world.receiver), 101 * second);
    receiver_step(&world.receiver, 101 * second, &more);
    assert_int_equal(receiver_deadline(&world.receiver), TIME_NEVER);
    free(data);
    receiver_fini(&world.receiver);
    receiver_world_end(&world);
}

static void test_text_of_an_answer_is_cut_to_its_limit(void **state) {
    (void)state;
    struct receiver_world world;
    char text[2 * WIRE_TEXT_LIMIT];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = 0;
    receiver_world_begin(&world, 1000);
    assert_int_equal(receiver_answer(&world.mailbox, SATSYNC_IO, text), SATSYNC_OK);
    assert_int_equal(strlen(receiver_world_letter(&world, 0)->text), WIRE_TEXT_LIMIT);
    assert_int_equal(world.letter.status, SATSYNC_IO);
    receiver_world_end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_offer_of_something_new_is_answered_with_all_of_it),
        cmocka_unit_test(test_bytes_in_any_order_become_the_checkpoint),
        cmocka_unit_test(test_damaged_piece_is_forgotten_and_asked_for_again),
        cmocka_unit_test(test_damage_anywhere_in_a_pack_is_found),
        cmocka_unit_test(test_damage_in_a_pack_of_the_store_is_told_as_the_stores),
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
