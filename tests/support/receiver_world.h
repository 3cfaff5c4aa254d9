/*
 * A receiver to test: end 0 of two sites has saved a checkpoint, end 1's store receives it, over a
 * link without a peer. Failures end the test.
 */
#ifndef SUPPORT_RECEIVER_WORLD_H
#define SUPPORT_RECEIVER_WORLD_H

#include "engine/receiver.h"
#include "support/fake_link.h"
#include "support/two_sites.h"

enum { RECEIVER_WORLD_STEP = 3, RECEIVER_WORLD_OFFER = 10 /* the offer's message number */ };

struct receiver_world {
    struct two_sites sites;
    struct store_manifest manifest; /* of end 0's checkpoint */
    struct fake_link fake;
    struct mailbox mailbox;
    struct receiver receiver;
    struct wire_message letter; /* the one that was looked at last */
};

/* A checkpoint of one tensor of `bytes`; end 1 trusts its signer, or does not. */
void receiver_world_begin(struct receiver_world *world, size_t bytes);
void receiver_world_begin_untrusting(struct receiver_world *world, size_t bytes);
void receiver_world_end(struct receiver_world *world);

/* The true offer, for a test to change; its manifest is borrowed. */
struct wire_message receiver_world_offer(const struct receiver_world *world);

/* Initialises the receiver, for the caller to end, with an offer; with the true one. */
void receiver_world_receive(struct receiver_world *world, const struct wire_message *offer);
void receiver_world_receive_offer(struct receiver_world *world);

/* The letter that was sent `back` letters before the last one. */
const struct wire_message *receiver_world_letter(struct receiver_world *world, size_t back);

/* The receiver is finished with this result, and its last letter says so. */
void receiver_world_assert_result(struct receiver_world *world, enum satsync_status status);

/* The bytes of wanted range `index`, as end 0 has them; the caller frees them. */
uint8_t *receiver_world_range(struct receiver_world *world, size_t index);

/* Bytes [from, to) of range `index`, whose first byte is at `data`; its end; or all of all ranges,
 * with byte `damage` of the first one flipped when it is in there. */
void receiver_world_give(struct receiver_world *world, size_t index, const uint8_t *data,
                         uint64_t from, uint64_t to);
void receiver_world_give_end(struct receiver_world *world, size_t index);
void receiver_world_give_all(struct receiver_world *world, uint64_t damage);

/* Steps until there is no more to do at once. */
void receiver_world_run(struct receiver_world *world);

/* Whether end 1 has any committed step. */
bool receiver_world_has_step(struct receiver_world *world);

#endif
