/*
 * The datagrams that were sent and whose fate is open, by packet number: a ring with room for a
 * power of two, so that each step is O(1). Numbers below `low` are settled. Owner thread.
 */
#ifndef TRANSPORT_WAN_SENT_H
#define TRANSPORT_WAN_SENT_H

#include "base/memory.h"

#include <satsync/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sent_state { SENT_NEVER, SENT_OPEN, SENT_ACKED, SENT_LOST };
enum sent_kind { SENT_CONTROL, SENT_SYMBOL, SENT_REPAIR };

struct sent_packet {
    uint64_t number;
    uint64_t sent_ns;
    uint64_t delivered; /* bytes acknowledged in all when it left */
    uint64_t symbol;    /* of the message in `slot` */
    uint64_t message;
    uint32_t slot;
    uint32_t slice;
    uint16_t ip_bytes;
    uint8_t state; /* enum sent_state */
    uint8_t kind;  /* enum sent_kind */
    bool app_limited;
    bool covered; /* repair symbols may bring it back */
};

struct sent {
    struct sent_packet *at;
    uint64_t mask;
    uint64_t next; /* number of the next datagram */
    uint64_t low;  /* lowest number that is open; == next when none is */
    uint64_t open_count;
    uint64_t open_bytes; /* IP bytes in flight */
    const struct allocator *allocator;
};

/* `capacity` is a power of two. */
enum satsync_status sent_init(struct sent *sent, size_t capacity,
                              const struct allocator *allocator) SATSYNC_MUST_CHECK;
void sent_fini(struct sent *sent);

bool sent_has_room(const struct sent *sent);

/* The record of the next number, cleared but for the number; to be filled and then committed. */
struct sent_packet *sent_begin(struct sent *sent);
void sent_commit(struct sent *sent);

/* The record of `number`, or NULL when it is too old to be known or was never sent. */
struct sent_packet *sent_find(const struct sent *sent, uint64_t number);

/* Settles an open packet, and moves `low` past what is settled. */
void sent_settle(struct sent *sent, struct sent_packet *packet, enum sent_state state);

#endif
