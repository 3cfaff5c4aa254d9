/*
 * Receives one checkpoint over a link into the store: checks the offer, says what is missing, puts
 * bytes where they belong as they come, verifies everything, and only then commits. Owner thread:
 * the site's.
 *
 *     receiving --all ranges whole--> verifying --sound--> finished (committed)
 *         \------------- any failure: finished, what came so far is kept ----/
 */
#ifndef ENGINE_RECEIVER_H
#define ENGINE_RECEIVER_H

#include "engine/mailbox.h"
#include "engine/pack_check.h"
#include "engine/store.h"
#include "engine/wire.h"

enum receiver_state { RECEIVER_RECEIVING, RECEIVER_VERIFYING, RECEIVER_FINISHED };

struct receiver {
    enum receiver_state state;
    struct mailbox *mailbox;
    struct satsync_store *store;
    struct store_manifest manifest;
    struct incoming *incoming;
    uint64_t first_message; /* number of the message that carries range 0 */
    struct wire_range *ranges;
    size_t range_count;
    size_t ranges_left; /* not yet received whole */
    uint64_t total_bytes;
    uint64_t present_bytes; /* when it began */
    uint64_t wanted_bytes;
    uint64_t received_bytes;
    uint64_t unnoted_bytes;
    uint64_t unsynced_bytes;
    uint64_t last_sync_ns;
    uint64_t note_every_bytes;
    uint64_t sync_every_bytes;

    struct pack_check check; /* of pack `checking`, while verifying */
    size_t checking;
    bool check_begun;
    uint64_t damaged;
    enum satsync_status result;
    struct satsync_error error;
};

/* Handles the offer in letter `message` and answers it: with what is wanted, or, when that is known
 * already, with the result. The mailbox and the store are borrowed. On failure (which is answered
 * too, where the link allows) nothing is to be freed. */
enum satsync_status receiver_init(struct receiver *receiver, struct mailbox *mailbox,
                                  struct satsync_store *store, const struct wire_message *offer,
                                  uint64_t offer_message) SATSYNC_MUST_CHECK;
void receiver_fini(struct receiver *receiver);

/* LINK_EVENT_DATA and LINK_EVENT_RECEIVED of the checkpoint class. */
enum satsync_status receiver_data(struct receiver *receiver,
                                  const struct link_event *event) SATSYNC_MUST_CHECK;
enum satsync_status receiver_received(struct receiver *receiver,
                                      const struct link_event *event) SATSYNC_MUST_CHECK;

/* Bounded work: syncs, verifies, commits, answers. *more: there is more to do at once. */
void receiver_step(struct receiver *receiver, uint64_t now_ns, bool *more);

/* When receiver_step wants to be called again without an event; TIME_NEVER when not at all. */
uint64_t receiver_deadline(const struct receiver *receiver);

/* Sends a result letter: what the sender's operation ends with. */
enum satsync_status receiver_answer(struct mailbox *mailbox, enum satsync_status status,
                                    const char *text) SATSYNC_MUST_CHECK;

#endif
