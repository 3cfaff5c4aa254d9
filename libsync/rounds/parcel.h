/*
 * A message as it is on the wire, shared by all peers that it goes to, and the queues of those. A
 * parcel lives as long as anybody refers to it. Owner thread.
 */
#ifndef ROUNDS_PARCEL_H
#define ROUNDS_PARCEL_H

#include "base/memory.h"
#include "base/ring.h"
#include "port/link.h"

struct parcel {
    const struct allocator *allocator;
    size_t references;
    enum link_class class;
    uint64_t step; /* what a gradient message belongs to */
    size_t lent;   /* references that the owner of the machine has */
    struct parcel *next_lent;
    struct parcel *previous_lent;
    size_t bytes;
    uint8_t data[];
};

/* With one reference, the caller's; NULL when there is no memory. */
struct parcel *parcel_new(const struct allocator *allocator, enum link_class class, size_t bytes);
struct parcel *parcel_share(struct parcel *parcel);
void parcel_drop(struct parcel *parcel); /* takes NULL */

/* Parcels that were taken for sending and not returned: each with a reference for every time. */
struct lent_parcels {
    struct parcel *first;
};

/* Takes the caller's reference over. */
void parcel_lend(struct lent_parcels *lent, struct parcel *parcel);
void parcel_take_back(struct lent_parcels *lent, struct parcel *parcel);
void parcel_take_back_all(struct lent_parcels *lent);

/* What waits for one peer. */
struct outbox {
    struct ring control;
    struct ring gradient;
};

enum { OUTBOX_CONTROL = 256, OUTBOX_GRADIENT = 2048 };

enum satsync_status outbox_init(struct outbox *outbox,
                                const struct allocator *allocator) SATSYNC_MUST_CHECK;
void outbox_fini(struct outbox *outbox);

/* Takes a reference of its own. False when the queue of its class is full. */
bool outbox_push(struct outbox *outbox, struct parcel *parcel);

/* The next one, control first, with its reference; NULL when there is none. Gradient messages of
 * steps up to `applied` are of no use to the peer any more and dropped. */
struct parcel *outbox_pop(struct outbox *outbox, uint64_t applied);

void outbox_clear(struct outbox *outbox);

#endif
