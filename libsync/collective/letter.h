/*
 * Letters: what ranks say to each other beside the chunks. A rank sends one to every other at the
 * start of each operation, with the bytes of a small one behind it, and one without as an urgent
 * word when it gives up: the roll call.
 *
 *      0  u32  magic "SCL1"
 *      4  u8   kind: enum collective_kind, or 255 for the roll call
 *      5  u8   dtype
 *      6  u8   root
 *      7  u8   ranks
 *      8  u64  sequence: the operations before it
 *     16  u64  count; of a roll call the status of the operation, and in the upper half a bit for
 *              each rank that owes the sender something
 *     24  u32  chunk_bytes
 *     28  u32  zero
 *     32       payload
 *
 * Pure. Nothing a letter says is believed before letter_read accepted it.
 */
#ifndef COLLECTIVE_LETTER_H
#define COLLECTIVE_LETTER_H

#include "collective/plan.h"

enum { LETTER_HEAD_BYTES = 32, LETTER_BYTES = LETTER_HEAD_BYTES + PLAN_SMALL_BYTES };
enum { LETTER_ROLL_CALL = 255, LETTER_OWING_SHIFT = 32 };

struct letter {
    uint8_t kind;
    uint8_t dtype;
    uint8_t root;
    uint8_t ranks;
    uint64_t sequence;
    uint64_t count;
    uint32_t chunk_bytes;
    const uint8_t *payload; /* borrowed from the bytes it was read from */
    size_t payload_bytes;
};

/* Writes head and payload into LETTER_BYTES; the bytes written. */
size_t letter_write(const struct letter *letter, uint8_t *out);

/* False when it is no letter. */
bool letter_read(struct letter *letter, const uint8_t *bytes, size_t count);

#endif
