#include "engine/patch_room.h"

#include "base/check.h"
#include "engine/scratch.h"

#include <string.h>

enum satsync_status patch_room_init(struct patch_room *room, struct satsync_engine *engine,
                                    struct satsync_error *error) {
    const struct allocator *allocator = engine->allocator;
    *room = (struct patch_room){.engine = engine};
    room->scratch = scratch_take(engine, PATCH_CHUNK_BYTES);
    room->raw = memory_new(allocator, 1, PATCH_CHUNK_BYTES);
    room->base = memory_new(allocator, 1, PATCH_CHUNK_BYTES);
    room->coded = memory_new(allocator, 1, delta_groups_bound(PATCH_CHUNK_BYTES));
    room->groups = (struct delta_groups_room){
        .base = room->base,
        .grouped_base = memory_new(allocator, 1, PATCH_CHUNK_BYTES),
        .grouped_raw = memory_new(allocator, 1, PATCH_CHUNK_BYTES),
        .spare = memory_new(allocator, 1, codec_bound(PATCH_CHUNK_BYTES))};
    bool has_all = room->scratch && room->raw && room->base && room->coded &&
                   room->groups.grouped_base && room->groups.grouped_raw && room->groups.spare;
    ENSURE(has_all, error, SATSYNC_NO_MEMORY, "patch", "no memory for its chunks");
    return SATSYNC_OK;
}

void patch_room_fini(struct patch_room *room) {
    if (!room->engine) {
        return;
    }
    const struct allocator *allocator = room->engine->allocator;
    if (room->scratch) {
        scratch_give(room->engine, room->scratch, PATCH_CHUNK_BYTES);
    }
    memory_free(allocator, room->raw);
    memory_free(allocator, room->base);
    memory_free(allocator, room->coded);
    memory_free(allocator, room->groups.grouped_base);
    memory_free(allocator, room->groups.grouped_raw);
    memory_free(allocator, room->groups.spare);
    *room = (struct patch_room){0};
}

size_t patch_chunk_bytes(uint64_t left) {
    return left < PATCH_CHUNK_BYTES ? (size_t)left : PATCH_CHUNK_BYTES;
}

enum satsync_status patch_chunk_encode(struct patch_room *room, const struct patch_chunk *chunk,
                                       size_t *coded_bytes) {
    *coded_bytes = 0;
    if (chunk->has_base && memcmp(room->raw, room->base, chunk->bytes) == 0) {
        return SATSYNC_OK;
    }
    const struct codec_input input = {.wish = chunk->row ? CODEC_AUTO : CODEC_ZSTD,
                                      .width = chunk->row ? chunk->row->width : 1,
                                      .floating = chunk->row && chunk->row->floating,
                                      .raw = room->raw,
                                      .raw_bytes = chunk->bytes};
    if (chunk->has_base) {
        TRY(delta_groups_encode(room->scratch, &input, &room->groups, room->coded, coded_bytes));
    }
    /* A difference of under half the size is never beaten by what has no base. */
    if (*coded_bytes > 0 && *coded_bytes <= chunk->bytes / 2) {
        return SATSYNC_OK;
    }
    size_t plain_bytes;
    TRY(codec_encode(room->scratch, &input, room->groups.spare, &plain_bytes));
    if (*coded_bytes == 0 || plain_bytes < *coded_bytes) {
        memcpy(room->coded, room->groups.spare, plain_bytes);
        *coded_bytes = plain_bytes;
    }
    return SATSYNC_OK;
}

enum satsync_status patch_chunk_decode(struct patch_room *room, const struct patch_chunk *chunk,
                                       const uint8_t *coded, size_t coded_bytes) {
    if (coded_bytes == 0 && chunk->has_base) {
        memcpy(room->raw, room->base, chunk->bytes);
        return SATSYNC_OK;
    }
    if (coded_bytes == 0) {
        return SATSYNC_CORRUPT;
    }
    const struct delta_groups_target target = {room->raw, chunk->bytes};
    bool by_groups = coded[0] == CODEC_GROUPS;
    if (by_groups && !chunk->has_base) {
        return SATSYNC_CORRUPT;
    }
    enum satsync_status status =
        by_groups ? delta_groups_decode(room->scratch, coded, coded_bytes, &room->groups, &target)
                  : codec_decode(room->scratch, coded, coded_bytes, room->raw, chunk->bytes);
    return status == SATSYNC_OK ? SATSYNC_OK : SATSYNC_CORRUPT;
}
