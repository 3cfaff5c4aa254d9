/*
 * Repair symbols that were made and wait to be sent, one block a class. Owner thread.
 */
#ifndef TRANSPORT_WAN_REPAIR_OUT_H
#define TRANSPORT_WAN_REPAIR_OUT_H

#include "base/memory.h"
#include "port/link.h"
#include "port/parity.h"
#include "transport/wan/repair.h"
#include "transport/wan/send.h"

#include <satsync/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct repair_queue {
    uint64_t message;
    uint64_t total;
    uint64_t block;
    uint32_t symbol_bytes;
    unsigned count;
    unsigned next; /* the first that was not sent */
    uint8_t *symbols;
};

struct repair_out {
    struct parity *parity; /* NULL: no repair */
    size_t stride;
    uint8_t *memory;
    uint8_t *scratch; /* a block of symbols, for those that span slices */
    struct repair_queue queues[LINK_CLASSES];
    const struct allocator *allocator;
};

enum satsync_status repair_out_init(struct repair_out *out, struct parity *parity,
                                    size_t max_datagram_bytes,
                                    const struct allocator *allocator) SATSYNC_MUST_CHECK;
void repair_out_fini(struct repair_out *out);

/* Makes `count` repair symbols for the block that ends with `last`, whose slices are still held,
 * `slice` holding the block's first byte. What the class had waiting is dropped. */
void repair_out_make(struct repair_out *out, const struct send *send,
                     const struct send_symbol *last, unsigned count);

/* The next repair symbol of a class, or NULL; *index is its number within the block. It stays the
 * next until repair_out_take. */
const uint8_t *repair_out_peek(const struct repair_out *out, enum link_class class,
                               unsigned *index);
void repair_out_take(struct repair_out *out, enum link_class class);

#endif
