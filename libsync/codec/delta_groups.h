/*
 * The smallest difference of a chunk from its base, for patches (docs/patch.md).
 *
 * A training step moves all weights by about as much, so how many units in the last place one moves
 * by follows from its exponent. Elements are therefore taken in groups of the same exponent, as the
 * base has it, and each group is coded as a difference of its own: of bf16 weights ten steps apart
 * that is 0.40 of what their XOR takes as zstd'd byte planes, without groups 0.54.
 */
#ifndef CODEC_DELTA_GROUPS_H
#define CODEC_DELTA_GROUPS_H

#include "codec/codec.h"

/* What a coder works with; none overlap. */
struct delta_groups_room {
    const uint8_t *base;   /* raw_bytes of the base */
    uint8_t *grouped_base; /* raw_bytes, overwritten */
    uint8_t *grouped_raw;  /* likewise; not used to decode */
    uint8_t *spare;        /* codec_bound(raw_bytes), overwritten */
};

/* Room that delta_groups_encode needs in `coded`. */
size_t delta_groups_bound(size_t raw_bytes);

/* Writes *coded_bytes < raw_bytes into coded; coded[0] is CODEC_GROUPS. 0: a difference would be no
 * smaller. The wish of `input` is not looked at. SATSYNC_NO_MEMORY is the only failure. */
enum satsync_status delta_groups_encode(struct codec_scratch *scratch,
                                        const struct codec_input *input,
                                        const struct delta_groups_room *room, uint8_t *coded,
                                        size_t *coded_bytes) SATSYNC_MUST_CHECK;

/* What `raw` becomes: its bytes are given. */
struct delta_groups_target {
    uint8_t *raw;
    size_t raw_bytes;
};

/* SATSYNC_CORRUPT: `coded` is not what gives that from this base (raw is then undefined); hostile
 * input is harmless. */
enum satsync_status
delta_groups_decode(struct codec_scratch *scratch, const uint8_t *coded, size_t coded_bytes,
                    const struct delta_groups_room *room,
                    const struct delta_groups_target *target) SATSYNC_MUST_CHECK;

#endif
