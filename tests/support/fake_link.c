#include "support/fake_link.h"

#include "engine/mailbox.h"
#include "support/cmocka.h"

#include <stdlib.h>
#include <string.h>

static enum satsync_status submit(struct link *link, const struct link_message *message,
                                  uint64_t *number) {
    struct fake_link *fake = (struct fake_link *)link;
    assert_true(message->bytes > 0);
    if (fake->submit_status != SATSYNC_OK) {
        return fake->submit_status;
    }
    if (fake->messages_taken == 0) {
        return SATSYNC_LIMIT;
    }
    fake->messages_taken--;
    assert_true(fake->message_count < FAKE_LINK_MESSAGES);
    *number = fake->message_count++;
    struct fake_message *kept = &fake->messages[*number];
    *kept = (struct fake_message){.class = message->class, .bytes = message->bytes};
    if (!fake->drops_bytes) {
        kept->data = malloc(message->bytes);
        assert_non_null(kept->data);
    }
    return SATSYNC_OK;
}

static enum satsync_status write_slice(struct link *link, uint64_t message,
                                       const struct link_slice *slice) {
    struct fake_link *fake = (struct fake_link *)link;
    assert_true(message < fake->message_count && slice->bytes > 0);
    struct fake_message *kept = &fake->messages[message];
    assert_true(slice->bytes <= kept->bytes - kept->written);
    if (fake->write_status != SATSYNC_OK) {
        return fake->write_status;
    }
    if (fake->slices_taken == 0) {
        return SATSYNC_AGAIN;
    }
    fake->slices_taken--;
    assert_true(fake->slice_count < FAKE_LINK_SLICES);
    uint8_t *copy = kept->data ? kept->data + kept->written : NULL;
    if (copy) {
        memcpy(copy, slice->data, slice->bytes);
    }
    fake->slices[fake->slice_count++] = (struct fake_slice){*slice, copy};
    kept->written += slice->bytes;
    return SATSYNC_OK;
}

static void release(struct link *link, uint64_t bytes) {
    ((struct fake_link *)link)->released_bytes += bytes;
}

static void stats(struct link *link, struct link_stats *out) {
    (void)link;
    memset(out, 0, sizeof *out);
}

static void close_link(struct link *link, enum satsync_status why) {
    struct fake_link *fake = (struct fake_link *)link;
    fake->closed++;
    fake->why = why;
}

void fake_link_init(struct fake_link *fake) {
    static const struct link_ops ops = {.submit = submit,
                                        .write = write_slice,
                                        .release = release,
                                        .stats = stats,
                                        .close = close_link};
    *fake = (struct fake_link){
        .link.ops = &ops, .messages_taken = FAKE_LINK_MESSAGES, .slices_taken = FAKE_LINK_SLICES};
}

void fake_link_fini(struct fake_link *fake) {
    assert_int_equal(fake->slice_count, 0);
    for (size_t i = 0; i < fake->message_count; i++) {
        free(fake->messages[i].data);
    }
}

void fake_link_return(struct fake_link *fake, size_t count) {
    assert_true(count <= fake->slice_count);
    for (size_t i = 0; i < count; i++) {
        const struct link_slice *slice = &fake->slices[i].slice;
        if (fake->slices[i].copy) {
            assert_memory_equal(slice->data, fake->slices[i].copy, slice->bytes);
        }
        struct borrowed *borrowed = slice->cookie;
        borrowed->returned(borrowed);
    }
    fake->slice_count -= count;
    memmove(fake->slices, fake->slices + count, fake->slice_count * sizeof *fake->slices);
}

void fake_link_return_all(struct fake_link *fake) {
    fake_link_return(fake, fake->slice_count);
}

struct link_event fake_link_began(enum link_class class, uint64_t message, uint64_t bytes) {
    return (struct link_event){
        .kind = LINK_EVENT_MESSAGE, .class = class, .message = message, .message_bytes = bytes};
}

struct link_event fake_link_data(uint64_t message, uint64_t message_bytes, uint64_t offset,
                                 const uint8_t *data, size_t bytes) {
    return (struct link_event){.kind = LINK_EVENT_DATA,
                               .message = message,
                               .message_bytes = message_bytes,
                               .offset = offset,
                               .data = data,
                               .bytes = bytes};
}

struct link_event fake_link_received(uint64_t message, uint64_t message_bytes) {
    return (struct link_event){
        .kind = LINK_EVENT_RECEIVED, .message = message, .message_bytes = message_bytes};
}
