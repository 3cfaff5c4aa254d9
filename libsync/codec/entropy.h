/*
 * The entropy coders, both zstd frames (RFC 8878), and an estimate of what Huffman would gain. A
 * coder belongs to one thread at a time.
 */
#ifndef CODEC_ENTROPY_H
#define CODEC_ENTROPY_H

#include "base/memory.h"

#include <satsync/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct entropy;

enum entropy_mode {
    ENTROPY_HUFFMAN, /* literals only, no matches: for planes of floats, and several times faster */
    ENTROPY_ZSTD     /* matches too, level 1: for text, indices, repeated content */
};

struct entropy_span {
    const uint8_t *raw;
    size_t raw_bytes;
    uint8_t *coded;
    size_t room;
};

/* NULL: no memory. */
struct entropy *entropy_new(const struct allocator *allocator);
void entropy_free(struct entropy *entropy);

/* Codes span->raw into at most span->room bytes; *coded_bytes is 0 when that is not enough. Only
 * SATSYNC_NO_MEMORY fails. */
enum satsync_status entropy_encode(struct entropy *entropy, enum entropy_mode mode,
                                   const struct entropy_span *span,
                                   size_t *coded_bytes) SATSYNC_MUST_CHECK;

/* True when `coded` is exactly one frame that gives exactly raw_bytes. Hostile input is harmless:
 * it needs no memory beyond the coder's own. */
bool entropy_decode(struct entropy *entropy, const uint8_t *coded, size_t coded_bytes, uint8_t *raw,
                    size_t raw_bytes) SATSYNC_MUST_CHECK;

/* What order-0 coding would make of `bytes`, in 1/1000 of them, from a sample of at most 4 KiB:
 * Shannon's sum with the correction of Miller (1955) for its bias. Pure; integers only. */
uint32_t entropy_estimate(const uint8_t *data, size_t bytes);

#endif
