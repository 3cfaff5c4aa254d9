/*
 * The messages being sent: what was written, what left, what arrived.
 *
 * A message is cut into symbols of `symbol_bytes`, the last one shorter; a symbol leaves when all
 * of it is written. Slices are returned in order, when everything up to their end has arrived and
 * no repair symbols have still to be made of them. Owner thread.
 */
#ifndef TRANSPORT_WAN_SEND_H
#define TRANSPORT_WAN_SEND_H

#include "base/map.h"
#include "base/memory.h"
#include "base/ring.h"
#include "port/link.h"

#include <satsync/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SEND_NO_SLICE = 0xffffffff };

struct send_slice {
    const uint8_t *data;
    size_t bytes;
    void *cookie;
    uint64_t offset; /* of its first byte in the message */
    uint32_t next;
};

struct send_message {
    bool open;
    bool ready;    /* is in its class's ring of those that may have new symbols */
    bool dirty;    /* is in the ring of those that may have events */
    bool starving; /* a write was refused: WRITABLE is owed */
    bool listed;   /* is in the ring of those that wait for a free slice */
    enum link_class class;
    uint64_t number;
    uint64_t total;
    uint32_t symbol_bytes;
    uint64_t symbols;
    bool more_follows;
    uint64_t written;     /* bytes */
    uint64_t base;        /* lowest symbol that did not arrive */
    uint64_t next;        /* next new symbol */
    uint64_t cover_from;  /* symbols from here on are covered by repair; UINT64_MAX: none yet */
    uint64_t hold_from;   /* bytes from here on are still needed to make repair symbols of */
    uint32_t block_slice; /* slice that holds hold_from's byte */
    uint64_t *arrived;    /* a bit for each symbol in [base, base + window), cyclic */
    uint32_t head, tail;  /* slices */
    uint32_t cursor;      /* slice that holds the first byte of `next`; NO_SLICE when unwritten */
};

struct send_options {
    size_t max_messages;
    size_t max_slices;
    size_t window; /* symbols of one message between base and next; a power of two */
    size_t max_datagram_bytes;
    const struct allocator *allocator;
};

struct send {
    struct send_options options;
    struct send_message *messages;
    struct send_slice *slices;
    uint64_t *bits;
    uint32_t free_slice;
    size_t free_slices;
    struct ring free_messages; /* uint32_t slots */
    struct ring ready[LINK_CLASSES];
    struct ring dirty;
    struct ring hungry; /* messages that wait for a free slice */
    struct map slots;   /* message number to slot */
    uint64_t next_number;
    size_t open;
    uint64_t unsent[LINK_CLASSES]; /* bytes of open messages that never left */
    uint64_t arrived_bytes;
    bool abandoned;
};

/* One symbol of one message. */
struct send_symbol {
    uint32_t slot;
    uint32_t slice; /* holds its first byte */
    enum link_class class;
    uint64_t message;
    uint64_t total;
    uint64_t index;
    uint64_t offset;
    uint32_t bytes;
    uint32_t symbol_bytes;
    bool covered;
};

enum satsync_status send_init(struct send *send,
                              const struct send_options *options) SATSYNC_MUST_CHECK;
void send_fini(struct send *send);

enum satsync_status send_open(struct send *send, const struct link_message *message,
                              uint64_t *number) SATSYNC_MUST_CHECK;
enum satsync_status send_write(struct send *send, uint64_t message,
                               const struct link_slice *slice) SATSYNC_MUST_CHECK;

/* The next symbol of a class that never left; false when none is ready. It stays next until
 * send_take. Blocks of REPAIR_BLOCK_SYMBOLS that begin with `tail_bytes` or less to go are covered.
 */
bool send_peek(struct send *send, enum link_class class, uint64_t tail_bytes,
               struct send_symbol *symbol);
void send_take(struct send *send, const struct send_symbol *symbol);

/* The symbol again; false when it arrived, or its message is over. */
bool send_again(const struct send *send, const struct send_symbol *key, struct send_symbol *symbol);

/* Copies the symbol's bytes. */
void send_copy(const struct send *send, const struct send_symbol *symbol, uint8_t *out);

/* Its bytes when they lie together in one slice, else NULL. */
const uint8_t *send_view(const struct send *send, const struct send_symbol *symbol);

/* The slice from `slice` on that holds the byte at `offset`; the last one when none does. */
uint32_t send_slice_at(const struct send *send, uint32_t slice, uint64_t offset);

/* The repair symbols of the message's present block are made. */
void send_unhold(struct send *send, uint32_t slot);

/* A symbol arrived; `message` guards against a slot that was used again. Bytes newly known. */
uint64_t send_arrived(struct send *send, uint32_t slot, uint64_t message, uint64_t index);

/* The peer has these bytes of a message. */
uint64_t send_arrived_bytes(struct send *send, uint64_t message, uint64_t offset, uint64_t bytes);

/* RETURNED, DELIVERED and WRITABLE. */
bool send_event(struct send *send, struct link_event *event);

/* Gives all slices back at once: from now on send_event returns every one that is queued. */
void send_abandon(struct send *send);

#endif
