#include "engine/mailbox.h"

#include "engine/wire.h"

#include <assert.h>
#include <string.h>

struct outgoing {
    struct borrowed borrowed;
    struct mailbox *mailbox;
    struct outgoing *next;
    uint8_t *data;
};

void mailbox_init(struct mailbox *mailbox, struct link *link, const struct allocator *allocator,
                  struct budget *memory) {
    *mailbox = (struct mailbox){.link = link, .allocator = allocator, .memory = memory};
}

static void outgoing_returned(struct borrowed *borrowed) {
    struct outgoing *outgoing = (struct outgoing *)borrowed;
    struct mailbox *mailbox = outgoing->mailbox;
    struct outgoing **at = &mailbox->outgoing;
    while (*at != outgoing) {
        at = &(*at)->next;
    }
    *at = outgoing->next;
    memory_free(mailbox->allocator, outgoing->data);
    memory_free(mailbox->allocator, outgoing);
}

void mailbox_drop(struct mailbox *mailbox, struct letter *letter) {
    if (letter->data) {
        memory_free(mailbox->allocator, letter->data);
        budget_give(mailbox->memory, letter->bytes);
        letter->data = NULL;
    }
}

void mailbox_fini(struct mailbox *mailbox) {
    for (size_t i = 0; i < MAILBOX_OPEN_LETTERS; i++) {
        mailbox_drop(mailbox, &mailbox->letters[i]);
    }
    while (mailbox->outgoing) {
        outgoing_returned(&mailbox->outgoing->borrowed);
    }
}

enum satsync_status mailbox_send(struct mailbox *mailbox, uint8_t *data, size_t bytes,
                                 uint64_t *number) {
    struct outgoing *outgoing = memory_new(mailbox->allocator, 1, sizeof *outgoing);
    if (!outgoing) {
        memory_free(mailbox->allocator, data);
        return SATSYNC_NO_MEMORY;
    }
    *outgoing = (struct outgoing){{outgoing_returned}, mailbox, mailbox->outgoing, data};
    mailbox->outgoing = outgoing;
    const struct link_message message = {.class = LINK_CONTROL, .bytes = bytes};
    const struct link_slice slice = {data, bytes, outgoing};
    uint64_t submitted;
    enum satsync_status status =
        mailbox->link->ops->submit(mailbox->link, &message, number ? number : &submitted);
    if (status == SATSYNC_OK) {
        uint64_t message_number = number ? *number : submitted;
        status = mailbox->link->ops->write(mailbox->link, message_number, &slice);
    }
    if (status != SATSYNC_OK) {
        outgoing_returned(&outgoing->borrowed);
        /* Letters are few and sent one at a time, so a full queue means that the link is gone. */
        return status == SATSYNC_AGAIN ? SATSYNC_LIMIT : status;
    }
    return SATSYNC_OK;
}

static struct letter *find(struct mailbox *mailbox, uint64_t message) {
    for (size_t i = 0; i < MAILBOX_OPEN_LETTERS; i++) {
        if (mailbox->letters[i].data && mailbox->letters[i].message == message) {
            return &mailbox->letters[i];
        }
    }
    return NULL;
}

static enum satsync_status open_letter(struct mailbox *mailbox, struct letter *letter,
                                       const struct link_event *event) {
    if (!budget_take(mailbox->memory, event->message_bytes)) {
        return SATSYNC_LIMIT;
    }
    uint8_t *data = memory_new(mailbox->allocator, 1, event->message_bytes);
    if (!data) {
        budget_give(mailbox->memory, event->message_bytes);
        return SATSYNC_NO_MEMORY;
    }
    *letter =
        (struct letter){.data = data, .message = event->message, .bytes = event->message_bytes};
    return SATSYNC_OK;
}

enum satsync_status mailbox_begin(struct mailbox *mailbox, const struct link_event *event) {
    if (event->message_bytes > WIRE_MESSAGE_LIMIT) {
        return SATSYNC_PROTOCOL;
    }
    for (size_t i = 0; i < MAILBOX_OPEN_LETTERS; i++) {
        if (!mailbox->letters[i].data) {
            return open_letter(mailbox, &mailbox->letters[i], event);
        }
    }
    return SATSYNC_PROTOCOL;
}

bool mailbox_data(struct mailbox *mailbox, const struct link_event *event) {
    struct letter *letter = find(mailbox, event->message);
    if (!letter) {
        return false;
    }
    assert(event->offset + event->bytes <= letter->bytes);
    memcpy(letter->data + event->offset, event->data, event->bytes);
    letter->received_bytes += event->bytes;
    mailbox->link->ops->release(mailbox->link, event->bytes);
    return true;
}

bool mailbox_received(struct mailbox *mailbox, const struct link_event *event,
                      struct letter *letter) {
    struct letter *found = find(mailbox, event->message);
    if (!found) {
        return false;
    }
    assert(found->received_bytes == found->bytes);
    *letter = *found;
    found->data = NULL;
    return true;
}
