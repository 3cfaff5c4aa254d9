/*
 * Symbols of covered blocks that are not complete yet, kept so that repair symbols can bring the
 * missing ones back. Bounded: when memory is short the block that is next in turn is forgotten, and
 * its losses are left to retransmission. Owner thread.
 */
#ifndef TRANSPORT_WAN_REPAIR_IN_H
#define TRANSPORT_WAN_REPAIR_IN_H

#include "base/memory.h"
#include "base/pool.h"
#include "port/parity.h"
#include "transport/wan/frame.h"
#include "transport/wan/repair.h"

#include <satsync/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    REPAIR_IN_BLOCKS = 1024,
    REPAIR_IN_SYMBOLS = REPAIR_BLOCK_SYMBOLS + REPAIR_SYMBOLS_MAX,
    REPAIR_IN_NONE = 0xffff
};

struct repair_in_block {
    uint64_t message;
    uint64_t block;
    uint64_t total;
    uint32_t symbol_bytes;
    uint16_t data_count; /* that the block has */
    uint16_t have_data;
    uint16_t have_repair;
    uint16_t active; /* place in the list of used blocks */
    bool used;
    uint8_t *symbols[REPAIR_IN_SYMBOLS];
};

struct repair_in {
    struct parity *parity;
    struct pool pool;
    struct repair_in_block *blocks;
    uint16_t active[REPAIR_IN_BLOCKS];
    size_t active_count;
    size_t victim;     /* whose turn it is to be forgotten */
    uint16_t finished; /* the block whose recovered symbols are still lent out */
    const struct allocator *allocator;
};

/* `memory_bytes` for symbols. */
enum satsync_status repair_in_init(struct repair_in *in, struct parity *parity,
                                   uint64_t memory_bytes,
                                   const struct allocator *allocator) SATSYNC_MUST_CHECK;
void repair_in_fini(struct repair_in *in);

/* The bytes [from, to) of a message that were brought back, and where each symbol of them is. */
struct repair_found {
    uint64_t message;
    uint64_t total;
    uint64_t offset; /* of the block */
    uint64_t bytes;  /* of the block */
    uint32_t symbol_bytes;
    unsigned count;                             /* of symbols found */
    uint16_t places[REPAIR_SYMBOLS_MAX];        /* symbol within the block */
    const uint8_t *symbols[REPAIR_SYMBOLS_MAX]; /* lent until the next call */
};

/* Keeps a COVERED or REPAIR symbol. True when its block could be completed: `found` then says what
 * was missing. A frame that does not fit what is known of its block is ignored. */
bool repair_in_keep(struct repair_in *in, const struct frame *frame, struct repair_found *found);

/* The message is complete: nothing of it is needed any more. */
void repair_in_drop(struct repair_in *in, uint64_t message);

#endif
