#include "engine/sender.h"

#include "base/check.h"

#include <string.h>

enum {
    SLICE_BYTES = 1 << 20,
    /* Slices stay lent until acknowledged, so together they bound the bytes in flight: enough for
     * 1 Gbit/s over 600 ms twice. They are allocated only as they are needed. */
    SLICES_LIMIT = 160,
    SLICES_A_STEP = 4
};

struct sender_slice {
    struct borrowed borrowed;
    struct sender *sender;
    struct sender_slice *next;  /* of the free ones */
    struct sender_slice *older; /* of all */
    uint8_t data[SLICE_BYTES];
};

static enum satsync_status send_offer(struct sender *sender, const struct sender_request *request) {
    const struct wire_message offer = {.kind = WIRE_OFFER,
                                       .step = request->step,
                                       .plan_only = request->plan_only,
                                       .manifest = request->manifest,
                                       .manifest_bytes = request->manifest_bytes};
    size_t bytes = wire_encoded_bytes(&offer);
    uint8_t *data = memory_new(sender->allocator, 1, bytes);
    if (!data) {
        return SATSYNC_NO_MEMORY;
    }
    size_t encoded = wire_encode(&offer, data, bytes);
    assert(encoded == bytes);
    return mailbox_send(sender->mailbox, data, bytes, NULL);
}

enum satsync_status sender_init(struct sender *sender, const struct sender_request *request,
                                struct mailbox *mailbox, struct chunks *chunks) {
    *sender = (struct sender){.state = SENDER_OFFERED,
                              .mailbox = mailbox,
                              .chunks = chunks,
                              .allocator = mailbox->allocator,
                              .step = request->step,
                              .pack_count = request->pack_count};
    sender->packs = memory_new(sender->allocator, request->pack_count, sizeof *sender->packs);
    if (!sender->packs) {
        return SATSYNC_NO_MEMORY;
    }
    for (size_t i = 0; i < request->pack_count; i++) {
        sender->packs[i] = request->packs[i];
        sender->total_bytes += request->packs[i].bytes;
    }
    enum satsync_status status = send_offer(sender, request);
    if (status != SATSYNC_OK) {
        sender_fini(sender);
    }
    return status;
}

void sender_fini(struct sender *sender) {
    while (sender->all_slices) {
        struct sender_slice *slice = sender->all_slices;
        sender->all_slices = slice->older;
        memory_free(sender->allocator, slice);
    }
    if (sender->reader) {
        sender->chunks->ops->pack_close(sender->reader);
    }
    memory_free(sender->allocator, sender->packs);
    memory_free(sender->allocator, sender->ranges);
    *sender = (struct sender){.state = SENDER_FINISHED};
}

enum satsync_status sender_want(struct sender *sender, struct wire_message *message,
                                struct satsync_error *error) {
    ENSURE(sender->state == SENDER_OFFERED && !sender->ranges, error, SATSYNC_PROTOCOL, "peer",
           "it answered an offer that was not open");
    sender->ranges = memory_new(sender->allocator, message->range_count, sizeof *sender->ranges);
    ENSURE(sender->ranges, error, SATSYNC_NO_MEMORY, "push", "out of memory");
    for (uint32_t i = 0; i < message->range_count; i++) {
        struct wire_range *range = &sender->ranges[i];
        enum satsync_status status = wire_next_range(message, range);
        bool inside = status == SATSYNC_OK && range->file < sender->pack_count &&
                      range->offset + range->bytes <= sender->packs[range->file].bytes;
        ENSURE(inside, error, SATSYNC_PROTOCOL, "peer", "it wants bytes that no pack has");
        sender->wanted_bytes += range->bytes;
    }
    sender->range_count = message->range_count;
    sender->present_bytes = message->present_bytes;
    sender->state = message->range_count > 0 ? SENDER_SENDING : SENDER_SENT;
    return SATSYNC_OK;
}

static void keep_free(struct sender *sender, struct sender_slice *slice) {
    slice->next = sender->free_slices;
    sender->free_slices = slice;
}

static void slice_returned(struct borrowed *borrowed) {
    struct sender_slice *slice = (struct sender_slice *)borrowed;
    struct sender *sender = slice->sender;
    keep_free(sender, slice);
    sender->slices_lent--;
    sender->blocked = false;
}

static struct sender_slice *take_slice(struct sender *sender) {
    struct sender_slice *slice = sender->free_slices;
    if (slice) {
        sender->free_slices = slice->next;
        return slice;
    }
    if (sender->slices == SLICES_LIMIT) {
        return NULL;
    }
    slice = memory_new(sender->allocator, 1, sizeof *slice);
    if (slice) {
        slice->borrowed.returned = slice_returned;
        slice->sender = sender;
        slice->older = sender->all_slices;
        sender->all_slices = slice;
        sender->slices++;
    }
    return slice;
}

static enum satsync_status read_slice(struct sender *sender, const struct wire_range *range,
                                      struct sender_slice *slice, size_t bytes,
                                      struct satsync_error *error) {
    if (!sender->reader || sender->reader_pack != range->file) {
        if (sender->reader) {
            sender->chunks->ops->pack_close(sender->reader);
            sender->reader = NULL;
        }
        TRY(sender->chunks->ops->pack_open(sender->chunks, &sender->packs[range->file].id,
                                           &sender->reader, error));
        sender->reader_pack = range->file;
    }
    return sender->chunks->ops->pack_read(sender->reader, range->offset + sender->range_sent,
                                          slice->data, bytes, error);
}

/* Opens the current range's message when it is not open yet; SATSYNC_AGAIN when the link is full.
 */
static enum satsync_status open_range(struct sender *sender) {
    if (sender->range_open) {
        return SATSYNC_OK;
    }
    struct link *link = sender->mailbox->link;
    const struct link_message message = {.class = LINK_CHECKPOINT,
                                         .bytes = sender->ranges[sender->range].bytes};
    enum satsync_status status = link->ops->submit(link, &message, &sender->message);
    if (status == SATSYNC_LIMIT) {
        return SATSYNC_AGAIN;
    }
    sender->range_open = status == SATSYNC_OK;
    sender->range_sent = 0;
    return status;
}

/* The next slice of the current range, read from its pack once. */
static enum satsync_status make_ready(struct sender *sender, struct satsync_error *error) {
    if (sender->ready) {
        return SATSYNC_OK;
    }
    const struct wire_range *range = &sender->ranges[sender->range];
    struct sender_slice *slice = take_slice(sender);
    if (!slice) {
        return sender->slices > 0 ? SATSYNC_AGAIN : SATSYNC_NO_MEMORY;
    }
    uint64_t left = range->bytes - sender->range_sent;
    sender->ready_bytes = left < SLICE_BYTES ? (size_t)left : SLICE_BYTES;
    enum satsync_status status = read_slice(sender, range, slice, sender->ready_bytes, error);
    if (status != SATSYNC_OK) {
        keep_free(sender, slice);
        return status;
    }
    sender->ready = slice;
    return SATSYNC_OK;
}

/* Reads and writes one slice; SATSYNC_AGAIN when nothing more fits now. */
static enum satsync_status write_slice(struct sender *sender, struct satsync_error *error) {
    TRY(open_range(sender));
    TRY(make_ready(sender, error));
    struct link *link = sender->mailbox->link;
    const struct link_slice lent = {sender->ready->data, sender->ready_bytes, sender->ready};
    TRY(link->ops->write(link, sender->message, &lent));
    sender->ready = NULL;
    sender->slices_lent++;
    sender->range_sent += lent.bytes;
    sender->written_bytes += lent.bytes;
    if (sender->range_sent == sender->ranges[sender->range].bytes) {
        sender->range_open = false;
        sender->range++;
        sender->state = sender->range == sender->range_count ? SENDER_SENT : SENDER_SENDING;
    }
    return SATSYNC_OK;
}

enum satsync_status sender_step(struct sender *sender, bool *more, struct satsync_error *error) {
    *more = false;
    for (int i = 0; i < SLICES_A_STEP; i++) {
        if (sender->state != SENDER_SENDING || sender->blocked) {
            return SATSYNC_OK;
        }
        enum satsync_status status = write_slice(sender, error);
        if (status == SATSYNC_AGAIN) {
            sender->blocked = true;
            return SATSYNC_OK;
        }
        TRY(status);
    }
    *more = true;
    return SATSYNC_OK;
}

void sender_writable(struct sender *sender) {
    sender->blocked = false;
}
