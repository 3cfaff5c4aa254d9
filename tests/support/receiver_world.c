#include "support/receiver_world.h"

#include "support/cmocka.h"

#include <stdlib.h>
#include <string.h>

void receiver_world_begin_untrusting(struct receiver_world *world, size_t bytes) {
    two_sites_open(&world->sites, "plain?rate=20M&rtt=20ms&seed=6");
    two_sites_save(&world->sites, RECEIVER_WORLD_STEP, bytes);
    assert_int_equal(
        store_manifest_read(world->sites.store[0], RECEIVER_WORLD_STEP, &world->manifest, NULL),
        SATSYNC_OK);
    fake_link_init(&world->fake);
    mailbox_init(&world->mailbox, &world->fake.link, NULL, NULL);
}

void receiver_world_begin(struct receiver_world *world, size_t bytes) {
    struct satsync_public_key key;
    receiver_world_begin_untrusting(world, bytes);
    satsync_key_public(world->sites.key[0], &key);
    assert_int_equal(satsync_store_trust(world->sites.store[1], &key, NULL), SATSYNC_OK);
}

void receiver_world_end(struct receiver_world *world) {
    fake_link_return_all(&world->fake);
    mailbox_fini(&world->mailbox);
    fake_link_fini(&world->fake);
    store_manifest_fini(&world->manifest);
    two_sites_close(&world->sites);
}

struct wire_message receiver_world_offer(const struct receiver_world *world) {
    return (struct wire_message){.kind = WIRE_OFFER,
                                 .step = RECEIVER_WORLD_STEP,
                                 .manifest = world->manifest.data,
                                 .manifest_bytes = world->manifest.bytes};
}

void receiver_world_receive(struct receiver_world *world, const struct wire_message *offer) {
    assert_int_equal(receiver_init(&world->receiver, &world->mailbox, world->sites.store[1], offer,
                                   RECEIVER_WORLD_OFFER),
                     SATSYNC_OK);
}

void receiver_world_receive_offer(struct receiver_world *world) {
    struct wire_message offer = receiver_world_offer(world);
    receiver_world_receive(world, &offer);
}

/* The letter that the receiver sent `back` letters before the last one. */
const struct wire_message *receiver_world_letter(struct receiver_world *world, size_t back) {
    assert_true(back < world->fake.message_count);
    const struct fake_message *sent = &world->fake.messages[world->fake.message_count - 1 - back];
    assert_int_equal(sent->class, LINK_CONTROL);
    assert_int_equal(wire_decode(sent->data, sent->bytes, &world->letter, NULL), SATSYNC_OK);
    return &world->letter;
}

void receiver_world_assert_result(struct receiver_world *world, enum satsync_status status) {
    const struct wire_message *letter = receiver_world_letter(world, 0);
    assert_int_equal(letter->kind, WIRE_RESULT);
    if (letter->status != status) {
        fail_msg("%s instead of %s: %s", satsync_status_name(letter->status),
                 satsync_status_name(status), letter->text);
    }
    assert_int_equal(world->receiver.state, RECEIVER_FINISHED);
    assert_int_equal(world->receiver.result, status);
}

/* The bytes of range `index`, as end 0 has them; the caller frees them. */
uint8_t *receiver_world_range(struct receiver_world *world, size_t index) {
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

void receiver_world_give(struct receiver_world *world, size_t index, const uint8_t *data,
                         uint64_t from, uint64_t to) {
    struct link_event event =
        fake_link_data(RECEIVER_WORLD_OFFER + 1 + index, world->receiver.ranges[index].bytes, from,
                       data + from, (size_t)(to - from));
    assert_int_equal(receiver_data(&world->receiver, &event), SATSYNC_OK);
}

void receiver_world_give_end(struct receiver_world *world, size_t index) {
    struct link_event event =
        fake_link_received(RECEIVER_WORLD_OFFER + 1 + index, world->receiver.ranges[index].bytes);
    assert_int_equal(receiver_received(&world->receiver, &event), SATSYNC_OK);
}

/* Gives all that is wanted; byte `damage` of the first range is flipped when it is in there. */
void receiver_world_give_all(struct receiver_world *world, uint64_t damage) {
    for (size_t i = 0; i < world->receiver.range_count; i++) {
        uint8_t *data = receiver_world_range(world, i);
        uint64_t bytes = world->receiver.ranges[i].bytes;
        if (i == 0 && damage < bytes) {
            data[damage] ^= 1;
        }
        receiver_world_give(world, i, data, 0, bytes);
        receiver_world_give_end(world, i);
        free(data);
    }
}

void receiver_world_run(struct receiver_world *world) {
    bool more = true;
    while (more) {
        receiver_step(&world->receiver, 5, &more);
    }
}

bool receiver_world_has_step(struct receiver_world *world) {
    size_t count;
    assert_int_equal(satsync_store_steps(world->sites.store[1], NULL, 0, &count, NULL), SATSYNC_OK);
    return count > 0;
}
