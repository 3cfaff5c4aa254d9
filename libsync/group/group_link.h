/*
 * One link of a group to another site: messages of the machine, whole, and the transfer of an
 * agreed state. Owner: who holds the group's monitor.
 */
#ifndef GROUP_GROUP_LINK_H
#define GROUP_GROUP_LINK_H

#include "base/memory.h"
#include "port/link.h"
#include "rounds/rounds.h"

enum { GROUP_LINK_LENT = 16, GROUP_LINK_INBOUND = 32 };

struct group_link;

/* A message that is with the link. */
struct group_lent {
    struct group_link *owner;
    bool taken;
    uint8_t *own;  /* heap memory that goes with it; NULL: the machine's */
    void *machine; /* the machine's cookie */
    struct link_message message;
    struct link_slice slice; /* bytes 0 once it is written */
    bool submitted;
    uint64_t number;
};

struct group_inbound {
    uint8_t *data; /* NULL: free */
    enum link_class class;
    uint64_t message;
    size_t bytes;
};

struct group_link {
    struct group_link *next;
    struct link *link; /* NULL once it is down */
    size_t peer;       /* SIZE_MAX before it is known who came in */
    bool up;
    uint64_t wire_bytes;   /* sent, as last looked at */
    struct rounds *rounds; /* borrowed */
    const struct allocator *allocator;
    size_t message_bytes_max; /* of the machine's messages */
    size_t state_bytes_max;   /* of an agreed state; 0 unless one was asked for */
    struct group_lent lent[GROUP_LINK_LENT];
    struct group_lent *blocked; /* waits for the link to take it; nothing else is begun */
    struct group_inbound inbound[GROUP_LINK_INBOUND];
};

/* Takes a link over; NULL: no memory. */
struct group_link *group_link_new(struct link *link, size_t peer, struct rounds *rounds,
                                  const struct allocator *allocator);

/* The link must be down. */
void group_link_free(struct group_link *link);

/* Tells the peer, if there is still a link. */
void group_link_close(struct group_link *link, enum satsync_status why);

/* Hands the link what the machine has for its peer, as much as it takes, and looks at its counters.
 * Failures close it. */
void group_link_send(struct group_link *link);

/* Sends heap memory of the allocator, which passes over in any case. SATSYNC_BUSY: too much is
 * under way. */
enum satsync_status group_link_post(struct group_link *link, enum link_class class, uint8_t *data,
                                    size_t bytes) SATSYNC_MUST_CHECK;

/* LINK_EVENT_MESSAGE, _DATA, _WRITABLE, _RETURNED. SATSYNC_PROTOCOL for what no honest peer does.
 */
enum satsync_status group_link_event(struct group_link *link,
                                     const struct link_event *event) SATSYNC_MUST_CHECK;

/* LINK_EVENT_RECEIVED: the whole message, for the caller to free; data NULL: it was dropped. */
struct group_inbound group_link_received(struct group_link *link, const struct link_event *event);

#endif
