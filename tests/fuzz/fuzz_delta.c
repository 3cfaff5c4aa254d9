/*
 * Decodes any bytes as a difference from a base; and codes any two chunks, to see them come back.
 * Byte 0 chooses: below 128 decode (byte 1: a sixteenth of the raw size), else encode the second
 * half of the rest as a difference from the first.
 */
#include "codec/delta.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void decode(struct codec_scratch *scratch, const uint8_t *data, size_t bytes) {
    size_t raw_bytes = (size_t)data[0] * 16;
    struct delta_room room = {calloc(1, raw_bytes + 1), malloc(codec_bound(raw_bytes))};
    enum satsync_status status = delta_decode(scratch, data + 1, bytes - 1, &room, raw_bytes);
    assert(status == SATSYNC_OK || status == SATSYNC_CORRUPT);
    free(room.base);
    free(room.spare);
}

static void encode(struct codec_scratch *scratch, uint8_t choice, const uint8_t *data,
                   size_t bytes) {
    size_t half = bytes / 2;
    const struct codec_input input = {CODEC_AUTO, (uint8_t)(1u << (choice & 3)), (choice & 4) != 0,
                                      data + half, half};
    struct delta_room room = {malloc(half + 1), malloc(codec_bound(half))};
    uint8_t *coded = malloc(codec_bound(half));
    size_t made;
    memcpy(room.base, data, half);
    enum satsync_status status = delta_encode(scratch, &input, &room, coded, &made);
    assert(status == SATSYNC_OK && made <= half);
    if (made) {
        memcpy(room.base, data, half);
        status = delta_decode(scratch, coded, made, &room, half);
        assert(status == SATSYNC_OK && memcmp(room.base, data + half, half) == 0);
    }
    free(room.base);
    free(room.spare);
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
        decode(scratch, data + 1, bytes - 1);
    } else {
        encode(scratch, data[0], data + 1, bytes - 1);
    }
    return 0;
}
