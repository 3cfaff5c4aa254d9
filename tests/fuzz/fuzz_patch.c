/*
 * Decodes any bytes as a patch's head and as a chunk's difference by groups; and codes any two
 * chunks, to see them come back. Byte 0 chooses: below 128 decode (byte 1: a sixteenth of the raw
 * size), else encode the second half of the rest as a difference from the first.
 */
#include "codec/delta_groups.h"
#include "model/patch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

struct chunk {
    struct delta_groups_room room;
    uint8_t *raw;
};

static struct chunk chunk_new(const uint8_t *base, size_t raw_bytes) {
    struct chunk chunk = {
        {base, malloc(raw_bytes + 1), malloc(raw_bytes + 1), malloc(codec_bound(raw_bytes))},
        malloc(raw_bytes + 1)};
    return chunk;
}

static void chunk_free(struct chunk *chunk) {
    free(chunk->room.grouped_base);
    free(chunk->room.grouped_raw);
    free(chunk->room.spare);
    free(chunk->raw);
}

static void decode_head(const uint8_t *data, size_t bytes) {
    struct patch_head head;
    uint8_t again[PATCH_HEAD_BYTES];
    if (bytes >= PATCH_HEAD_BYTES && patch_head_decode(data, "", &head, NULL) == SATSYNC_OK) {
        patch_head_encode(&head, again);
        assert(memcmp(again, data, sizeof again) == 0);
    }
}

static void decode(struct codec_scratch *scratch, const uint8_t *data, size_t bytes) {
    size_t raw_bytes = (size_t)data[0] * 16;
    uint8_t *base = malloc(raw_bytes + 1);
    memset(base, 0x3d, raw_bytes);
    struct chunk chunk = chunk_new(base, raw_bytes);
    const struct delta_groups_target target = {chunk.raw, raw_bytes};
    enum satsync_status status =
        delta_groups_decode(scratch, data + 1, bytes - 1, &chunk.room, &target);
    assert(status == SATSYNC_OK || status == SATSYNC_CORRUPT);
    chunk_free(&chunk);
    free(base);
}

static void encode(struct codec_scratch *scratch, uint8_t choice, const uint8_t *data,
                   size_t bytes) {
    size_t half = bytes / 2;
    const struct codec_input input = {CODEC_AUTO, (uint8_t)(1u << (choice & 3)), (choice & 4) != 0,
                                      data + half, half};
    struct chunk chunk = chunk_new(data, half);
    const struct delta_groups_target target = {chunk.raw, half};
    uint8_t *coded = malloc(delta_groups_bound(half));
    size_t made;
    enum satsync_status status = delta_groups_encode(scratch, &input, &chunk.room, coded, &made);
    assert(status == SATSYNC_OK && (made == 0 || made < half));
    if (made) {
        status = delta_groups_decode(scratch, coded, made, &chunk.room, &target);
        assert(status == SATSYNC_OK && memcmp(chunk.raw, data + half, half) == 0);
    }
    chunk_free(&chunk);
    free(coded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    static struct codec_scratch *scratch;
    if (!scratch) {
        scratch = codec_scratch_new(NULL, 1 << 16);
    }
    if (bytes < 3 || bytes > 1 << 16) {
        return 0;
    }
    if (data[0] < 128) {
        decode_head(data + 1, bytes - 1);
        decode(scratch, data + 1, bytes - 1);
    } else {
        encode(scratch, data[0], data + 1, bytes - 1);
    }
    return 0;
}
