/* The literal mode and the allocator are not in zstd's stable half; both have been in every release
 * since 1.4, and any zstd decodes the frames. */
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>
#include <zstd_errors.h>

#include "base/check.h"
#include "codec/entropy.h"
#include "codec/huffman.h"

#include <string.h>

struct entropy {
    const struct allocator *allocator;
    struct huffman *huffman;
    ZSTD_CCtx *literals;
    ZSTD_CCtx *zstd;
    ZSTD_DCtx *decoder;
};

static void *zstd_allocate(void *context, size_t bytes) {
    return memory_new(context, 1, bytes);
}

static void zstd_release(void *context, void *memory) {
    memory_free(context, memory);
}

static bool set_up(ZSTD_CCtx *encoder, int level, int literals) {
    return encoder &&
           !ZSTD_isError(ZSTD_CCtx_setParameter(encoder, ZSTD_c_compressionLevel, level)) &&
           !ZSTD_isError(ZSTD_CCtx_setParameter(encoder, ZSTD_c_literalCompressionMode, literals));
}

struct entropy *entropy_new(const struct allocator *allocator) {
    struct entropy *entropy = memory_new(allocator, 1, sizeof *entropy);
    if (!entropy) {
        return NULL;
    }
    ZSTD_customMem memory = {zstd_allocate, zstd_release, (void *)(uintptr_t)allocator};
    entropy->allocator = allocator;
    entropy->huffman = memory_new(allocator, 1, sizeof *entropy->huffman);
    entropy->literals = ZSTD_createCCtx_advanced(memory);
    entropy->zstd = ZSTD_createCCtx_advanced(memory);
    entropy->decoder = ZSTD_createDCtx_advanced(memory);
    /* The lowest level steps over the input without looking for matches, which dense float state
     * has none of; Huffman is then asked for, as that level would leave it out. */
    if (!set_up(entropy->literals, ZSTD_minCLevel(), ZSTD_ps_enable) ||
        !set_up(entropy->zstd, 1, ZSTD_ps_auto) || !entropy->decoder || !entropy->huffman) {
        entropy_free(entropy);
        return NULL;
    }
    return entropy;
}

void entropy_free(struct entropy *entropy) {
    if (entropy) {
        memory_free(entropy->allocator, entropy->huffman);
        ZSTD_freeCCtx(entropy->literals);
        ZSTD_freeCCtx(entropy->zstd);
        ZSTD_freeDCtx(entropy->decoder);
        memory_free(entropy->allocator, entropy);
    }
}

enum satsync_status entropy_encode(struct entropy *entropy, enum entropy_mode mode,
                                   const struct entropy_span *span, size_t *coded_bytes) {
    *coded_bytes = 0;
    if (mode == ENTROPY_HUFFMAN) {
        *coded_bytes =
            huffman_encode(entropy->huffman, span->raw, span->raw_bytes, span->coded, span->room);
        if (*coded_bytes) {
            return SATSYNC_OK;
        }
    }
    ZSTD_CCtx *encoder = mode == ENTROPY_HUFFMAN ? entropy->literals : entropy->zstd;
    size_t made = ZSTD_compress2(encoder, span->coded, span->room, span->raw, span->raw_bytes);
    if (!ZSTD_isError(made)) {
        *coded_bytes = made;
        return SATSYNC_OK;
    }
    ZSTD_ErrorCode code = ZSTD_getErrorCode(made);
    assert(code == ZSTD_error_dstSize_tooSmall || code == ZSTD_error_memory_allocation);
    return code == ZSTD_error_memory_allocation ? SATSYNC_NO_MEMORY : SATSYNC_OK;
}

bool entropy_decode(struct entropy *entropy, const uint8_t *coded, size_t coded_bytes, uint8_t *raw,
                    size_t raw_bytes) {
    return ZSTD_findFrameCompressedSize(coded, coded_bytes) == coded_bytes &&
           ZSTD_decompressDCtx(entropy->decoder, raw, raw_bytes, coded, coded_bytes) == raw_bytes;
}

enum { SAMPLE_PIECES = 8, SAMPLE_PIECE_BYTES = 512, LOG_BITS = 8 };

/* log2(value) in 1/256, value >= 1: the mantissa is squared once for each bit of the result. */
static uint32_t log2_fixed(uint32_t value) {
    uint32_t whole = 31 - (uint32_t)__builtin_clz(value);
    uint64_t mantissa = ((uint64_t)value << 31) >> whole; /* [1, 2) in 1/2^31 */
    uint32_t log = whole << LOG_BITS;
    for (uint32_t bit = 1u << (LOG_BITS - 1); bit; bit >>= 1) {
        mantissa = mantissa * mantissa >> 31;
        if (mantissa >> 32) {
            mantissa >>= 1;
            log |= bit;
        }
    }
    return log;
}

uint32_t entropy_estimate(const uint8_t *data, size_t bytes) {
    uint32_t counts[256] = {0};
    uint32_t total = 0;
    size_t piece = bytes < SAMPLE_PIECES * SAMPLE_PIECE_BYTES ? bytes : SAMPLE_PIECE_BYTES;
    size_t pieces = piece == bytes ? 1 : SAMPLE_PIECES;
    if (bytes == 0) {
        return 1000;
    }
    for (size_t p = 0; p < pieces; p++) {
        const uint8_t *at = data + (pieces > 1 ? (bytes - piece) / (pieces - 1) * p : 0);
        for (size_t i = 0; i < piece; i++) {
            counts[at[i]]++;
        }
        total += (uint32_t)piece;
    }
    uint64_t bits = 0; /* in 1/256 */
    uint32_t kinds = 0;
    for (int symbol = 0; symbol < 256; symbol++) {
        if (counts[symbol]) {
            kinds++;
            bits += (uint64_t)counts[symbol] * (log2_fixed(total) - log2_fixed(counts[symbol]));
        }
    }
    /* Miller's correction is (kinds - 1) / 2 nats over the whole sample: 0.72135 bits each. */
    bits += (uint64_t)(kinds - 1) * 185;
    return (uint32_t)(bits * 1000 / ((uint64_t)total * 8 << LOG_BITS));
}
