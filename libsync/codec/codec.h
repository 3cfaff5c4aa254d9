/*
 * Coding one chunk without loss: the form it has inside its seal (docs/format.md, "Coded chunk").
 *
 * Coded bytes are the same on every CPU and compiler for the same zstd; any zstd decodes them.
 * A scratch belongs to one thread at a time.
 */
#ifndef CODEC_CODEC_H
#define CODEC_CODEC_H

#include "base/memory.h"

#include <satsync/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CODEC_CHUNK_BYTES = 1 << 20,     /* the usual chunk */
    CODEC_CHUNK_BYTES_MAX = 16 << 20 /* the largest */
};

/* The first byte of a coded chunk, and what manifests and seals name. */
enum codec {
    CODEC_STORED = 0,
    CODEC_HUFF = 1, /* byte planes, each Huffman coded or stored */
    CODEC_ZSTD = 2,
    CODEC_FAST = 3,   /* exponents of floats of 2 or 4 bytes in 4 bits, at the speed of memory */
    CODEC_DELTA = 4,  /* a difference from another chunk: delta.h */
    CODEC_GROUPS = 5, /* one by groups of elements, in patches alone: delta_groups.h */
    CODEC_AUTO = 255  /* a wish only: samples the chunk and chooses */
};

struct codec_input {
    enum codec wish;    /* what is tried; it falls back to stored when that is not smaller */
    uint8_t width;      /* bytes of an element: 1, 2, 4, 8; divides raw_bytes, else taken as 1 */
    bool floating;      /* sign bit first, exponent behind: fp16, bf16, fp32, fp64 */
    const uint8_t *raw; /* raw_bytes of them */
    size_t raw_bytes;   /* at most the scratch's chunk_bytes_max */
};

struct codec_scratch;

/* About twice chunk_bytes_max (at most CODEC_CHUNK_BYTES_MAX) of memory. NULL: no memory. */
struct codec_scratch *codec_scratch_new(const struct allocator *allocator, size_t chunk_bytes_max);
void codec_scratch_free(struct codec_scratch *scratch);

/* Room that codec_encode needs in `coded`. */
size_t codec_bound(size_t raw_bytes);

/* Writes *coded_bytes <= codec_bound(raw_bytes) into coded; coded[0] is the enum codec used.
 * SATSYNC_NO_MEMORY is the only failure. */
enum satsync_status codec_encode(struct codec_scratch *scratch, const struct codec_input *input,
                                 uint8_t *coded, size_t *coded_bytes) SATSYNC_MUST_CHECK;

/* Gives exactly raw_bytes or SATSYNC_CORRUPT (raw's content is then undefined); hostile input is
 * harmless. SATSYNC_NEWER_VERSION: a codec that this version does not know. A difference, which
 * needs its base, is SATSYNC_CORRUPT here: see delta_decode. */
enum satsync_status codec_decode(struct codec_scratch *scratch, const uint8_t *coded,
                                 size_t coded_bytes, uint8_t *raw,
                                 size_t raw_bytes) SATSYNC_MUST_CHECK;

/* "stored", "huff", "zstd", "fast", "delta", "groups", "auto", else "unknown". */
const char *codec_name(uint8_t codec);

#endif
