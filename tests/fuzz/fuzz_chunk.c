/*
 * Decodes any bytes as a coded chunk; and codes them, as any kind of elements, to see them come
 * back. Byte 0 chooses: below 128 decode (bytes 1 and 2: the raw size), else encode. All ways to
 * decode the fast codec have to agree.
 */
#include "base/bytes.h"
#include "codec/codec.h"
#include "codec/fast.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void compare_ways(const uint8_t *data, size_t bytes, size_t raw_bytes) {
    const struct fast_steps *known[3];
    size_t ways = fast_steps_known(known);
    uint8_t *expected = malloc(raw_bytes + 1);
    uint8_t *raw = malloc(raw_bytes + 1);
    bool good = fast_decode(known[ways - 1], data, bytes, expected, raw_bytes);
    for (size_t i = 0; i + 1 < ways; i++) {
        bool also_good = fast_decode(known[i], data, bytes, raw, raw_bytes);
        assert(good == also_good && (!good || memcmp(raw, expected, raw_bytes) == 0));
    }
    free(expected);
    free(raw);
}

static void decode(struct codec_scratch *scratch, const uint8_t *data, size_t bytes) {
    size_t raw_bytes = load_le16(data);
    uint8_t *raw = malloc(raw_bytes + 1);
    enum satsync_status status = codec_decode(scratch, data + 2, bytes - 2, raw, raw_bytes);
    assert(status == SATSYNC_OK || status == SATSYNC_CORRUPT || status == SATSYNC_NEWER_VERSION);
    free(raw);
    if (data[2] == CODEC_FAST) {
        compare_ways(data + 3, bytes - 3, raw_bytes);
    }
}

static void encode(struct codec_scratch *scratch, uint8_t choice, const uint8_t *data,
                   size_t bytes) {
    static const enum codec wishes[4] = {CODEC_STORED, CODEC_HUFF, CODEC_ZSTD, CODEC_AUTO};
    enum codec wish = choice & 32 ? CODEC_FAST : wishes[choice & 3];
    struct codec_input input = {wish, (uint8_t)(1u << (choice >> 2 & 3)), (choice & 16) != 0, data,
                                bytes};
    uint8_t *coded = malloc(codec_bound(bytes));
    uint8_t *raw = malloc(bytes + 1);
    size_t coded_bytes;
    enum satsync_status status = codec_encode(scratch, &input, coded, &coded_bytes);
    assert(status == SATSYNC_OK && coded_bytes <= codec_bound(bytes));
    status = codec_decode(scratch, coded, coded_bytes, raw, bytes);
    assert(status == SATSYNC_OK && memcmp(raw, data, bytes) == 0);
    free(coded);
    free(raw);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    static struct codec_scratch *scratch;
    if (!scratch) {
        scratch = codec_scratch_new(NULL, 1 << 16);
    }
    if (bytes < 4 || bytes > 1 << 16) {
        return 0;
    }
    if (data[0] < 128) {
        decode(scratch, data + 1, bytes - 1);
    } else {
        encode(scratch, data[0], data + 1, bytes - 1);
    }
    return 0;
}
