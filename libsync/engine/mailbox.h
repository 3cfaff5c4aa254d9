/*
 * Letters: small whole messages of the control class over one link. What a letter says is the
 * business of engine/wire.h. Owner thread: the site's.
 */
#ifndef ENGINE_MAILBOX_H
#define ENGINE_MAILBOX_H

#include "base/budget.h"
#include "base/memory.h"
#include "port/link.h"

/* First member of whatever a link's slice borrows: `returned` is called when the link gives it
 * back, by session code that only sees the cookie. */
struct borrowed {
    void (*returned)(struct borrowed *borrowed);
};

enum { MAILBOX_OPEN_LETTERS = 4 };

struct letter {
    uint8_t *data; /* NULL: the slot is free */
    uint64_t message;
    uint64_t bytes;
    uint64_t received_bytes;
};

struct mailbox {
    struct link *link;
    const struct allocator *allocator;
    struct budget *memory; /* of letters that come; may be NULL */
    struct letter letters[MAILBOX_OPEN_LETTERS];
    struct outgoing *outgoing; /* not yet returned */
};

void mailbox_init(struct mailbox *mailbox, struct link *link, const struct allocator *allocator,
                  struct budget *memory);
/* Only after the link is down or gone. */
void mailbox_fini(struct mailbox *mailbox);

/* Sends `data`, heap memory of the mailbox's allocator; ownership passes in any case. *number (may
 * be NULL) is its message number. */
enum satsync_status mailbox_send(struct mailbox *mailbox, uint8_t *data, size_t bytes,
                                 uint64_t *number) SATSYNC_MUST_CHECK;

/* LINK_EVENT_MESSAGE of the control class: makes room, or refuses what no honest peer
 * sends. SATSYNC_LIMIT: there is no room for it now. */
enum satsync_status mailbox_begin(struct mailbox *mailbox,
                                  const struct link_event *event) SATSYNC_MUST_CHECK;

/* LINK_EVENT_DATA: true when the bytes belonged to a letter, which then are released. */
bool mailbox_data(struct mailbox *mailbox, const struct link_event *event);

/* LINK_EVENT_RECEIVED: true when a letter is whole, which is the caller's to drop. */
bool mailbox_received(struct mailbox *mailbox, const struct link_event *event,
                      struct letter *letter);
void mailbox_drop(struct mailbox *mailbox, struct letter *letter);

#endif
