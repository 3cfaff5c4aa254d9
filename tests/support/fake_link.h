/*
 * A link with no peer: it records what is submitted, written, released and closed, takes only as
 * much as it is told to, and keeps slices until it is told to return them.
 */
#ifndef SUPPORT_FAKE_LINK_H
#define SUPPORT_FAKE_LINK_H

#include "port/link.h"

enum { FAKE_LINK_MESSAGES = 64, FAKE_LINK_SLICES = 256 };

struct fake_message {
    enum link_class class;
    uint64_t bytes;
    uint64_t written;
    uint8_t *data; /* copies of the slices; NULL when bytes are dropped */
};

struct fake_slice {
    struct link_slice slice;
    const uint8_t *copy; /* what it held when it was written */
};

struct fake_link {
    struct link link; /* first */
    struct fake_message messages[FAKE_LINK_MESSAGES];
    size_t message_count;
    struct fake_slice slices[FAKE_LINK_SLICES]; /* not yet returned, oldest first */
    size_t slice_count;
    size_t messages_taken; /* how many more submits succeed; then SATSYNC_LIMIT */
    size_t slices_taken;   /* how many more writes succeed; then SATSYNC_AGAIN */
    enum satsync_status submit_status;
    enum satsync_status write_status; /* when not SATSYNC_OK, what the next ones give */
    bool drops_bytes;                 /* for large messages */
    uint64_t released_bytes;
    unsigned closed; /* times */
    enum satsync_status why;
};

/* It takes everything. */
void fake_link_init(struct fake_link *fake);
/* Asserts that no slice is still out. */
void fake_link_fini(struct fake_link *fake);

/* Gives the oldest `count` slices back, as a session does, through the cookie. Asserts that nobody
 * changed their bytes meanwhile (unless bytes are dropped). */
void fake_link_return(struct fake_link *fake, size_t count);
void fake_link_return_all(struct fake_link *fake);

/* Events as a link gives them. */
struct link_event fake_link_began(enum link_class class, uint64_t message, uint64_t bytes);
struct link_event fake_link_data(uint64_t message, uint64_t message_bytes, uint64_t offset,
                                 const uint8_t *data, size_t bytes);
struct link_event fake_link_received(uint64_t message, uint64_t message_bytes);

#endif
