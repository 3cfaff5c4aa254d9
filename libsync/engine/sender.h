/*
 * Sends one committed checkpoint over a link: offers its manifest, then sends what the receiver
 * lacks of its packs, as they lie on disk. Owner thread: the site's.
 *
 *     offered --want--> sending --last slice--> sent --result--> finished
 *        \------------------ result (refusal) ------------------/
 */
#ifndef ENGINE_SENDER_H
#define ENGINE_SENDER_H

#include "engine/mailbox.h"
#include "engine/wire.h"
#include "port/chunks.h"

enum sender_state { SENDER_OFFERED, SENDER_SENDING, SENDER_SENT, SENDER_FINISHED };

struct sender_pack {
    struct pack_id id;
    uint64_t bytes;
};

struct sender {
    enum sender_state state;
    struct mailbox *mailbox;
    struct chunks *chunks;
    const struct allocator *allocator;
    uint64_t step;
    struct sender_pack *packs; /* in the manifest's order */
    size_t pack_count;
    struct wire_range *ranges; /* what the receiver wants */
    size_t range_count;
    size_t range;        /* index of the one being sent */
    uint64_t range_sent; /* bytes of it written to the link */
    uint64_t message;    /* its message number, when range_open */
    bool range_open;
    bool blocked; /* until LINK_EVENT_WRITABLE or a slice returns */
    struct pack_reader *reader;
    size_t reader_pack;
    struct sender_slice *free_slices;
    struct sender_slice *all_slices; /* free, ready or lent */
    struct sender_slice *ready;      /* read, but the link was full */
    size_t ready_bytes;
    size_t slices; /* allocated, free or lent */
    size_t slices_lent;
    uint64_t total_bytes; /* of all packs */
    uint64_t present_bytes;
    uint64_t wanted_bytes;
    uint64_t written_bytes; /* given to the link */
};

struct sender_request {
    uint64_t step;
    const uint8_t *manifest; /* copied */
    size_t manifest_bytes;
    const struct sender_pack *packs; /* copied */
    size_t pack_count;
    bool plan_only;
};

/* Opens the sender and sends the offer. The mailbox and the store are borrowed. */
enum satsync_status sender_init(struct sender *sender, const struct sender_request *request,
                                struct mailbox *mailbox, struct chunks *chunks) SATSYNC_MUST_CHECK;

/* Only after the link is down or gone: it reads no slice any more. */
void sender_fini(struct sender *sender);

/* The receiver's answer to the offer. */
enum satsync_status sender_want(struct sender *sender, struct wire_message *message,
                                struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Writes until the link takes no more or `slices` slices are written; *more says that it could go
 * on at once. */
enum satsync_status sender_step(struct sender *sender, bool *more,
                                struct satsync_error *error) SATSYNC_MUST_CHECK;

void sender_writable(struct sender *sender);

#endif
