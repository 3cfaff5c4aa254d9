/*
 * What coding a patch's chunks takes: buffers for one chunk and a codec's scratch.
 */
#ifndef ENGINE_PATCH_ROOM_H
#define ENGINE_PATCH_ROOM_H

#include "codec/delta_groups.h"
#include "engine/engine.h"
#include "model/dtype.h"
#include "model/patch.h"

struct patch_room {
    struct satsync_engine *engine;
    struct codec_scratch *scratch;
    uint8_t *raw;
    uint8_t *base;
    uint8_t *coded;
    struct delta_groups_room groups; /* of base */
};

enum satsync_status patch_room_init(struct patch_room *room, struct satsync_engine *engine,
                                    struct satsync_error *error) SATSYNC_MUST_CHECK;
void patch_room_fini(struct patch_room *room);

/* A chunk of a tensor; row is NULL for bytes. */
struct patch_chunk {
    const struct dtype_row *row;
    size_t bytes;
    bool has_base;
};

/* Of the next chunk, when `left` bytes are. Pure. */
size_t patch_chunk_bytes(uint64_t left);

/* Codes room->raw, with room->base if it has one; *coded_bytes 0: it is equal to that. */
enum satsync_status patch_chunk_encode(struct patch_room *room, const struct patch_chunk *chunk,
                                       size_t *coded_bytes) SATSYNC_MUST_CHECK;

/* Decodes into room->raw. SATSYNC_CORRUPT: it does not fit the base, or is damaged. */
enum satsync_status patch_chunk_decode(struct patch_room *room, const struct patch_chunk *chunk,
                                       const uint8_t *coded, size_t coded_bytes) SATSYNC_MUST_CHECK;

#endif
