/* One chunk: reading its extents, opening them in their place, decoding. */
#include "base/check.h"
#include "codec/delta.h"
#include "engine/reader.h"
#include "engine/scratch.h"

#include <stdio.h>
#include <string.h>

struct seal_place reader_place(const struct satsync_reader *reader,
                               const struct index_extent *extent,
                               const struct seal_place *chunk_place) {
    struct seal_place place = *chunk_place;
    place.step = reader->manifest.root.packs[extent->pack].step;
    place.codec = extent->codec;
    place.extent = extent->extent;
    memcpy(place.store_id, reader->manifest.root.store_id, sizeof place.store_id);
    return place;
}

static void pack_text(const struct satsync_reader *reader, uint32_t pack,
                      char out[PACK_TEXT_BYTES]) {
    for (int i = 0; i < PACK_ID_BYTES; i++) {
        snprintf(out + 2 * i, 3, "%02x", reader->manifest.root.packs[pack].id[i]);
    }
}

enum satsync_status reader_extent(struct satsync_reader *reader, const struct index_extent *extent,
                                  uint8_t *sealed, struct satsync_error *error) {
    struct chunks *chunks = reader->store->chunks;
    if (!reader->packs[extent->pack]) {
        struct pack_id id;
        memcpy(id.bytes, reader->manifest.root.packs[extent->pack].id, sizeof id.bytes);
        enum satsync_status status =
            chunks->ops->pack_open(chunks, &id, &reader->packs[extent->pack], error);
        /* What a manifest names must be there. */
        if (status == SATSYNC_NOT_FOUND) {
            char text[PACK_TEXT_BYTES];
            pack_text(reader, extent->pack, text);
            return error_set(error, SATSYNC_INCOMPLETE, text,
                             "the pack is missing; fetch the checkpoint from another site");
        }
        TRY(status);
    }
    return chunks->ops->pack_read(reader->packs[extent->pack], extent->offset, sealed,
                                  extent->sealed_bytes, error);
}

static const char *item_kind_name(enum seal_kind kind) {
    switch (kind) {
    case SEAL_TENSOR:
        return "tensor";
    case SEAL_BLOB:
        return "blob";
    case SEAL_FILE_HEADER:
        return "file header";
    case SEAL_INDEX:
        break;
    }
    return "index";
}

enum satsync_status reader_chunk_read(struct satsync_reader *reader,
                                      const struct index_chunk *chunk,
                                      const struct reader_buffers *buffers,
                                      struct satsync_error *error) {
    TRY(reader_extent(reader, &chunk->own, buffers->own, error));
    return chunk->has_base ? reader_extent(reader, &chunk->base, buffers->base, error) : SATSYNC_OK;
}

static enum satsync_status open_extent(const struct satsync_reader *reader,
                                       const struct index_extent *extent,
                                       const struct seal_place *chunk_place, uint8_t *sealed,
                                       struct satsync_error *error) {
    char pack[PACK_TEXT_BYTES];
    const struct seal_place place = reader_place(reader, extent, chunk_place);
    pack_text(reader, extent->pack, pack);
    enum satsync_status status =
        seal_open(&reader->keys[extent->pack], &place, sealed, extent->sealed_bytes, sealed);
    ENSURE(status == SATSYNC_OK, error, SATSYNC_CORRUPT, pack,
           "%s %llu, chunk at byte %llu, is damaged: it does not open; run verify, then fetch the "
           "checkpoint from another site",
           item_kind_name(place.kind), (unsigned long long)place.item,
           (unsigned long long)place.position);
    return SATSYNC_OK;
}

static enum satsync_status decode(struct codec_scratch *scratch, const struct index_chunk *chunk,
                                  const struct reader_buffers *buffers, uint8_t *raw) {
    size_t own_bytes = chunk->own.sealed_bytes - SEAL_TAG_BYTES;
    if (!chunk->has_base) {
        return codec_decode(scratch, buffers->own, own_bytes, raw, chunk->raw_bytes);
    }
    TRY(codec_decode(scratch, buffers->base, chunk->base.sealed_bytes - SEAL_TAG_BYTES, raw,
                     chunk->raw_bytes));
    const struct delta_room room = {raw, buffers->base};
    return delta_decode(scratch, buffers->own, own_bytes, &room, chunk->raw_bytes);
}

enum satsync_status reader_chunk_open(const struct satsync_reader *reader,
                                      const struct index_chunk *chunk,
                                      const struct seal_place *place,
                                      const struct reader_buffers *buffers, uint8_t *raw,
                                      struct satsync_error *error) {
    TRY(open_extent(reader, &chunk->own, place, buffers->own, error));
    if (chunk->has_base) {
        TRY(open_extent(reader, &chunk->base, place, buffers->base, error));
    }
    struct codec_scratch *scratch = scratch_take(reader->engine, chunk->raw_bytes);
    ENSURE(scratch, error, SATSYNC_NO_MEMORY, "restore", "no memory for decoding");
    enum satsync_status status = decode(scratch, chunk, buffers, raw);
    scratch_give(reader->engine, scratch, chunk->raw_bytes);
    char pack[PACK_TEXT_BYTES];
    pack_text(reader, chunk->own.pack, pack);
    ENSURE(status == SATSYNC_OK, error, status, pack, "%s %llu does not decode; %s",
           item_kind_name(place->kind), (unsigned long long)place->item,
           status == SATSYNC_NEWER_VERSION ? "a newer version coded it: upgrade this one"
                                           : "please report this");
    return SATSYNC_OK;
}
