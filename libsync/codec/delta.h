/*
 * Coding a chunk as its difference from another of the same size and type: the form of a
 * chunk whose base is at hand (docs/format.md, "delta").
 *
 * Floats are subtracted as integers in the order of their values, so that neighbours differ by
 * little, whatever their exponents; differences are folded so that the small ones of either sign
 * are small. When most elements did not change, only gaps and differences of the others are kept.
 */
#ifndef CODEC_DELTA_H
#define CODEC_DELTA_H

#include "codec/codec.h"

/* What a coder may overwrite. */
struct delta_room {
    uint8_t *base;  /* raw_bytes of the base */
    uint8_t *spare; /* codec_bound(raw_bytes) */
};

/* Writes *coded_bytes <= raw_bytes into coded, which has room for codec_bound(raw_bytes); coded[0]
 * is CODEC_DELTA. 0: a difference would be no smaller. The wish of `input` is not looked at.
 * SATSYNC_NO_MEMORY is the only failure. */
enum satsync_status delta_encode(struct codec_scratch *scratch, const struct codec_input *input,
                                 const struct delta_room *room, uint8_t *coded,
                                 size_t *coded_bytes) SATSYNC_MUST_CHECK;

/* room->base, raw_bytes of it, becomes what was coded. SATSYNC_CORRUPT: `coded` is not what gives
 * that (the base is then undefined); hostile input is harmless. */
enum satsync_status delta_decode(struct codec_scratch *scratch, const uint8_t *coded,
                                 size_t coded_bytes, const struct delta_room *room,
                                 size_t raw_bytes) SATSYNC_MUST_CHECK;

#endif
