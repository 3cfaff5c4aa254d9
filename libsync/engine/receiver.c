#include "engine/receiver.h"

#include "base/check.h"
#include "base/timers.h"
#include "engine/wanted.h"

#include <stdio.h>
#include <string.h>

enum {
    NOTE_LEAST_BYTES = 8 << 10,
    NOTE_MOST_BYTES = 16 << 20,
    SYNC_EVERY_NS = 1000000000,
    SYNC_LEAST_BYTES = 8 << 20,
    SYNC_MOST_BYTES = 64 << 20
};

enum satsync_status receiver_answer(struct mailbox *mailbox, enum satsync_status status,
                                    const char *text) {
    struct wire_message result = {.kind = WIRE_RESULT, .status = status};
    snprintf(result.text, sizeof result.text, "%s", text);
    size_t bytes = wire_encoded_bytes(&result);
    uint8_t *data = memory_new(mailbox->allocator, 1, bytes);
    if (!data) {
        return SATSYNC_NO_MEMORY;
    }
    size_t encoded = wire_encode(&result, data, bytes);
    assert(encoded == bytes);
    return mailbox_send(mailbox, data, bytes, NULL);
}

/* Ends the transfer and tells the sender; the first result stands. */
static void finish(struct receiver *receiver, enum satsync_status status,
                   const struct satsync_error *error) {
    if (receiver->state == RECEIVER_FINISHED) {
        return;
    }
    receiver->state = RECEIVER_FINISHED;
    receiver->result = status;
    if (error) {
        receiver->error = *error;
    }
    const char *text = status == SATSYNC_OK ? "committed" : receiver->error.message;
    enum satsync_status sent = receiver_answer(receiver->mailbox, status, text);
    (void)sent; /* when even that fails the link is going down, and the sender sees that */
}

static enum satsync_status answer_want(struct receiver *receiver) {
    struct wire_message want = {.kind = WIRE_WANT,
                                .present_bytes = receiver->present_bytes,
                                .range_count = (uint32_t)receiver->range_count};
    size_t bytes = wire_encoded_bytes(&want);
    uint8_t *data = memory_new(receiver->mailbox->allocator, 1, bytes);
    if (!data) {
        return SATSYNC_NO_MEMORY;
    }
    size_t at = wire_encode(&want, data, bytes);
    /* The header says how many ranges follow; encoding it alone does not fill them in. */
    for (size_t i = 0; i < receiver->range_count; i++) {
        at += wire_put_range(&receiver->ranges[i], data + at, bytes - at);
    }
    assert(at == bytes);
    return mailbox_send(receiver->mailbox, data, bytes, NULL);
}

static enum satsync_status open_incoming(struct receiver *receiver, struct satsync_error *error) {
    const struct manifest *root = &receiver->manifest.root;
    const struct allocator *allocator = receiver->store->engine->allocator;
    struct incoming_file *files = memory_new(allocator, root->pack_count, sizeof *files);
    ENSURE(files, error, SATSYNC_NO_MEMORY, "receive", "out of memory");
    for (size_t i = 0; i < root->pack_count; i++) {
        memcpy(files[i].id.bytes, root->packs[i].id, sizeof files[i].id.bytes);
        files[i].bytes = root->packs[i].bytes;
        receiver->total_bytes += root->packs[i].bytes;
    }
    struct chunks *chunks = receiver->store->chunks;
    enum satsync_status status = chunks->ops->incoming_open(
        chunks, receiver->manifest.digest, files, root->pack_count, &receiver->incoming, error);
    memory_free(allocator, files);
    return status;
}

static enum satsync_status find_wanted(struct receiver *receiver, struct satsync_error *error) {
    const struct manifest *root = &receiver->manifest.root;
    struct chunks *chunks = receiver->store->chunks;
    struct wanted wanted;
    enum satsync_status status =
        wanted_init(&wanted, WIRE_RANGES_LIMIT, receiver->store->engine->allocator);
    for (size_t i = 0; i < root->pack_count && status == SATSYNC_OK; i++) {
        const struct ranges *have = chunks->ops->incoming_have(receiver->incoming, i);
        receiver->present_bytes += ranges_total(have);
        wanted_add_gaps(&wanted, (uint32_t)i, have, root->packs[i].bytes);
    }
    ENSURE(status == SATSYNC_OK, error, status, "receive", "out of memory");
    receiver->ranges = wanted.ranges;
    receiver->range_count = receiver->ranges_left = wanted.count;
    for (size_t i = 0; i < wanted.count; i++) {
        receiver->wanted_bytes += wanted.ranges[i].bytes;
    }
    return SATSYNC_OK;
}

/* A checkpoint that is here already ends the transfer before it begins: equal ones are success. */
static enum satsync_status check_present(struct receiver *receiver, bool *present,
                                         struct satsync_error *error) {
    struct store_manifest here;
    *present = false;
    uint64_t step = receiver->manifest.root.step;
    enum satsync_status status = store_manifest_read(receiver->store, step, &here, error);
    if (status == SATSYNC_NOT_FOUND) {
        return SATSYNC_OK;
    }
    if (satsync_status_class(status) == SATSYNC_CLASS_RESOURCE) {
        return status; /* it cannot be known */
    }
    char subject[32];
    store_step_text(step, subject);
    ENSURE(status == SATSYNC_OK, error, SATSYNC_CONFLICT, subject,
           "the receiving store has it, damaged; verify and repair it there");
    bool equal = memcmp(here.digest, receiver->manifest.digest, sizeof here.digest) == 0;
    char ours[STORE_DIGEST_TEXT_BYTES];
    char theirs[STORE_DIGEST_TEXT_BYTES];
    store_digest_text(here.digest, ours);
    store_digest_text(receiver->manifest.digest, theirs);
    store_manifest_fini(&here);
    ENSURE(equal, error, SATSYNC_CONFLICT, subject,
           "the receiving store has another checkpoint of this step: %s... there, %s... offered",
           ours, theirs);
    *present = true;
    return SATSYNC_OK;
}

static uint64_t clamp(uint64_t value, uint64_t low, uint64_t high) {
    return value < low ? low : value > high ? high : value;
}

static enum satsync_status begin(struct receiver *receiver, const struct wire_message *offer,
                                 struct satsync_error *error) {
    const struct allocator *allocator = receiver->store->engine->allocator;
    uint8_t *copy = memory_new(allocator, 1, offer->manifest_bytes);
    ENSURE(copy, error, SATSYNC_NO_MEMORY, "receive", "no memory for the manifest");
    memcpy(copy, offer->manifest, offer->manifest_bytes);
    TRY(store_manifest_check(receiver->store, copy, offer->manifest_bytes, &receiver->manifest,
                             error));
    ENSURE(receiver->manifest.root.step == offer->step, error, SATSYNC_PROTOCOL, "peer",
           "it offered one step and sent the manifest of another");
    bool present;
    TRY(check_present(receiver, &present, error));
    if (present) {
        for (size_t i = 0; i < receiver->manifest.root.pack_count; i++) {
            receiver->total_bytes += receiver->manifest.root.packs[i].bytes;
        }
        receiver->present_bytes = receiver->total_bytes;
        ENSURE(answer_want(receiver) == SATSYNC_OK, error, SATSYNC_NO_MEMORY, "receive",
               "cannot answer");
        finish(receiver, SATSYNC_OK, NULL);
        return SATSYNC_OK;
    }
    TRY(open_incoming(receiver, error));
    TRY(find_wanted(receiver, error));
    /* What a dying process loses is what was not noted: keep it far under 1 % of the whole, which
     * leaves the rest to what is in flight. What a dying machine loses was not synced, and costs a
     * disk's flush each time. */
    receiver->note_every_bytes =
        clamp(receiver->total_bytes / 1600, NOTE_LEAST_BYTES, NOTE_MOST_BYTES);
    receiver->sync_every_bytes =
        clamp(receiver->total_bytes / 100, SYNC_LEAST_BYTES, SYNC_MOST_BYTES);
    ENSURE(answer_want(receiver) == SATSYNC_OK, error, SATSYNC_NO_MEMORY, "receive",
           "cannot answer");
    if (offer->plan_only) {
        finish(receiver, SATSYNC_OK, NULL);
    }
    return SATSYNC_OK;
}

enum satsync_status receiver_init(struct receiver *receiver, struct mailbox *mailbox,
                                  struct satsync_store *store, const struct wire_message *offer,
                                  uint64_t offer_message) {
    *receiver =
        (struct receiver){.mailbox = mailbox, .store = store, .first_message = offer_message + 1};
    struct satsync_error error = {0};
    enum satsync_status status = begin(receiver, offer, &error);
    if (status != SATSYNC_OK) {
        finish(receiver, status, &error);
    }
    return SATSYNC_OK;
}

void receiver_fini(struct receiver *receiver) {
    if (receiver->check_begun) {
        pack_check_fini(&receiver->check);
    }
    if (receiver->incoming) {
        receiver->store->chunks->ops->incoming_close(receiver->incoming);
    }
    memory_free(receiver->store->engine->allocator, receiver->ranges);
    store_manifest_fini(&receiver->manifest);
    *receiver = (struct receiver){.state = RECEIVER_FINISHED};
}

/* The range that a message of the checkpoint class carries, or NULL. */
static const struct wire_range *range_of(const struct receiver *receiver,
                                         const struct link_event *event) {
    uint64_t index = event->message - receiver->first_message;
    if (event->message < receiver->first_message || index >= receiver->range_count) {
        return NULL;
    }
    const struct wire_range *range = &receiver->ranges[index];
    return range->bytes == event->message_bytes ? range : NULL;
}

static enum satsync_status note_now(struct receiver *receiver, struct satsync_error *error) {
    receiver->unnoted_bytes = 0;
    return receiver->store->chunks->ops->incoming_note(receiver->incoming, error);
}

/* What was acknowledged and not noted dies with the process: a backlog that comes at once is noted
 * as it goes in, not behind it. */
enum satsync_status receiver_data(struct receiver *receiver, const struct link_event *event) {
    if (receiver->state != RECEIVER_RECEIVING) {
        return SATSYNC_OK; /* it failed already, and the sender will hear of it */
    }
    const struct wire_range *range = range_of(receiver, event);
    if (!range) {
        return SATSYNC_PROTOCOL;
    }
    struct satsync_error error = {0};
    enum satsync_status status = receiver->store->chunks->ops->incoming_write(
        receiver->incoming, range->file, range->offset + event->offset, event->data, event->bytes,
        &error);
    receiver->received_bytes += event->bytes;
    receiver->unnoted_bytes += event->bytes;
    receiver->unsynced_bytes += event->bytes;
    if (status == SATSYNC_OK && receiver->unnoted_bytes >= receiver->note_every_bytes) {
        status = note_now(receiver, &error);
    }
    if (status != SATSYNC_OK) {
        finish(receiver, status, &error);
    }
    return SATSYNC_OK;
}

enum satsync_status receiver_received(struct receiver *receiver, const struct link_event *event) {
    if (receiver->state != RECEIVER_RECEIVING) {
        return SATSYNC_OK;
    }
    if (!range_of(receiver, event) || receiver->ranges_left == 0) {
        return SATSYNC_PROTOCOL;
    }
    receiver->ranges_left--;
    return SATSYNC_OK;
}

static enum satsync_status sync_now(struct receiver *receiver, uint64_t now_ns,
                                    struct satsync_error *error) {
    receiver->unnoted_bytes = receiver->unsynced_bytes = 0;
    receiver->last_sync_ns = now_ns;
    return receiver->store->chunks->ops->incoming_sync(receiver->incoming, error);
}

static enum satsync_status read_incoming(void *context, uint64_t offset, void *data, size_t bytes,
                                         struct satsync_error *error) {
    struct receiver *receiver = context;
    return receiver->store->chunks->ops->incoming_read(receiver->incoming, receiver->checking,
                                                       offset, data, bytes, error);
}

/* What is damaged is forgotten, so that the next attempt asks for it again. Where that cannot be,
 * as in a pack that the store had before, the first reason is what the operator must hear. */
static void incoming_damaged(void *context, uint64_t offset, uint64_t bytes) {
    struct receiver *receiver = context;
    struct satsync_error error;
    receiver->damaged++;
    enum satsync_status status = receiver->store->chunks->ops->incoming_forget(
        receiver->incoming, receiver->checking, offset, bytes, &error);
    if (status != SATSYNC_OK && receiver->error.status == SATSYNC_OK) {
        receiver->error = error;
    }
}

/* One step of checking; true when the last pack is done. */
static enum satsync_status verify_some(struct receiver *receiver, bool *done,
                                       struct satsync_error *error) {
    const struct manifest *root = &receiver->manifest.root;
    *done = receiver->checking == root->pack_count;
    if (*done) {
        return SATSYNC_OK;
    }
    if (!receiver->check_begun) {
        const struct manifest_pack *pack = &root->packs[receiver->checking];
        receiver->check = (struct pack_check){.pack = pack,
                                              .actual_bytes = pack->bytes,
                                              .read = read_incoming,
                                              .damage = incoming_damaged,
                                              .context = receiver,
                                              .allocator = receiver->store->engine->allocator};
        receiver->check_begun = true;
        return pack_check_begin(&receiver->check, error);
    }
    bool pack_done;
    TRY(pack_check_step(&receiver->check, &pack_done, error));
    if (pack_done) {
        pack_check_fini(&receiver->check);
        receiver->check_begun = false;
        receiver->checking++;
    }
    return SATSYNC_OK;
}

static enum satsync_status commit(struct receiver *receiver, struct satsync_error *error) {
    char subject[32];
    store_step_text(receiver->manifest.root.step, subject);
    if (receiver->error.status != SATSYNC_OK) {
        return error_set(error, receiver->error.status, subject, "at the receiver, %s: %s",
                         receiver->error.subject, receiver->error.message);
    }
    ENSURE(receiver->damaged == 0, error, SATSYNC_CORRUPT, subject,
           "%llu pieces do not match their checksums at the receiver; verify it at the sender and "
           "push again",
           (unsigned long long)receiver->damaged);
    return receiver->store->chunks->ops->incoming_commit(
        receiver->incoming, receiver->manifest.root.step, receiver->manifest.data,
        receiver->manifest.bytes, error);
}

static enum satsync_status step(struct receiver *receiver, uint64_t now_ns,
                                struct satsync_error *error) {
    if (receiver->state == RECEIVER_RECEIVING && receiver->ranges_left == 0) {
        TRY(sync_now(receiver, now_ns, error));
        receiver->state = RECEIVER_VERIFYING;
        return SATSYNC_OK;
    }
    if (receiver->state == RECEIVER_RECEIVING) {
        bool due = receiver->unsynced_bytes >= receiver->sync_every_bytes ||
                   now_ns >= receiver_deadline(receiver);
        return due ? sync_now(receiver, now_ns, error) : SATSYNC_OK;
    }
    bool done;
    TRY(verify_some(receiver, &done, error));
    if (done) {
        TRY(commit(receiver, error));
        finish(receiver, SATSYNC_OK, NULL);
    }
    return SATSYNC_OK;
}

void receiver_step(struct receiver *receiver, uint64_t now_ns, bool *more) {
    *more = false;
    if (receiver->state == RECEIVER_FINISHED) {
        return;
    }
    struct satsync_error error = {0};
    enum satsync_status status = step(receiver, now_ns, &error);
    if (status != SATSYNC_OK) {
        finish(receiver, status, &error);
    }
    *more = receiver->state == RECEIVER_VERIFYING ||
            (receiver->state == RECEIVER_RECEIVING && receiver->ranges_left == 0);
}

uint64_t receiver_deadline(const struct receiver *receiver) {
    bool syncing = receiver->state == RECEIVER_RECEIVING && receiver->unsynced_bytes > 0;
    return syncing ? receiver->last_sync_ns + SYNC_EVERY_NS : TIME_NEVER;
}
