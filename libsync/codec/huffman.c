/* Vectorised fully from -O3 only with gcc. Integers only, so the level cannot change a result. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__OPTIMIZE__)
#pragma GCC optimize("O3")
#endif

#include "codec/huffman.h"

#include "codec/cpu.h"
#include "codec/words.h"

#include <stdbool.h>

enum {
    LENGTH_BITS = 6, /* of an entry of `pairs`: the length below, the code above */
    LENGTH_MASK = (1 << LENGTH_BITS) - 1,
    RAW_BELOW_BYTES = 256, /* a shorter block is not worth its description */
    BLOCK_HEADER_BYTES = 3,
    LITERALS_HEADER_BYTES = 5,
    JUMPS_BYTES = 6,
    FRAME_HEADER_BYTES = 9
};

enum block { BLOCK_RAW = 0, BLOCK_RLE = 1, BLOCK_COMPRESSED = 2 };

/* Bytes above 128: the top bit and any other. */
INLINE uint64_t too_high(uint64_t eight) {
    uint64_t top = eight & 0x8080808080808080u;
    return eight & (top - (top >> 7));
}

/* Counts pairs: half as many steps as symbols, and neighbours that are alike do not wait for each
 * other's counter as often. False: a symbol is too high. */
INLINE bool count_pairs(uint32_t *restrict pairs, const uint8_t *restrict raw, size_t bytes) {
    memset(pairs, 0, HUFFMAN_SYMBOLS * 256 * sizeof *pairs);
    for (size_t i = 0; i + 8 <= bytes; i += 8) {
        uint64_t eight = get64(raw + i);
        if (too_high(eight)) {
            return false;
        }
        pairs[eight & 0xffff]++;
        pairs[eight >> 16 & 0xffff]++;
        pairs[eight >> 32 & 0xffff]++;
        pairs[eight >> 48]++;
    }
    return true;
}

INLINE bool count_symbols(const uint32_t *restrict pairs, const uint8_t *restrict raw, size_t bytes,
                          uint32_t *restrict counts) {
    memset(counts, 0, HUFFMAN_SYMBOLS * sizeof *counts);
    for (size_t high = 0; high < HUFFMAN_SYMBOLS; high++) {
        uint32_t sum = 0;
        for (size_t low = 0; low < HUFFMAN_SYMBOLS; low++) {
            sum += pairs[high * 256 + low];
            counts[low] += pairs[high * 256 + low];
        }
        counts[high] += sum;
    }
    for (size_t i = bytes / 8 * 8; i < bytes; i++) {
        if (raw[i] >= HUFFMAN_SYMBOLS) {
            return false;
        }
        counts[raw[i]]++;
    }
    return true;
}

/* The later symbol of a pair is written first, below the earlier one: streams are read backwards.
 */
INLINE void fill_pairs(struct huffman *huffman, const struct huffman_code *code) {
    for (size_t i = 0; i < code->kinds; i++) {
        unsigned high = code->sorted[i];
        for (size_t k = 0; k < code->kinds; k++) {
            unsigned low = code->sorted[k];
            uint32_t value = code->values[high] | (uint32_t)code->values[low]
                                                      << code->lengths[high];
            uint32_t length = (uint32_t)code->lengths[high] + code->lengths[low];
            huffman->pairs[low | high << 8] = value << LENGTH_BITS | length;
        }
    }
}

struct stream {
    uint64_t bits;
    unsigned count; /* of bits: below 8 after a flush */
    uint8_t *out;
};

INLINE void stream_put(struct stream *stream, uint64_t value, unsigned length) {
    stream->bits |= value << stream->count;
    stream->count += length;
    put64(stream->out, stream->bits);
    stream->out += stream->count >> 3;
    stream->bits >>= stream->count & ~7u;
    stream->count &= 7;
}

INLINE void stream_put_four(struct stream *stream, const uint32_t *pairs, const uint8_t *at) {
    uint32_t four = get32(at);
    uint32_t later = pairs[four >> 16];
    uint32_t earlier = pairs[four & 0xffff];
    uint64_t value = later >> LENGTH_BITS | (uint64_t)(earlier >> LENGTH_BITS)
                                                << (later & LENGTH_MASK);
    stream_put(stream, value, (later & LENGTH_MASK) + (earlier & LENGTH_MASK));
}

INLINE void stream_put_one(struct stream *stream, const struct huffman_code *code, uint8_t symbol) {
    stream_put(stream, code->values[symbol], code->lengths[symbol]);
}

/* A single 1 bit ends a stream. */
INLINE uint8_t *stream_end(struct stream *stream) {
    stream_put(stream, 1, 1);
    return stream->out + (stream->count > 0);
}

/* Two streams, of bytes[0] >= bytes[1], side by side, so that neither waits for the other's shifts.
 * The second is made aside and lands behind the first. */
INLINE uint8_t *put_two(struct huffman *huffman, const struct huffman_code *code,
                        const uint8_t *raw, size_t sizes[2], uint8_t *out) {
    const uint8_t *second = raw + sizes[0];
    struct stream a = {.out = out};
    struct stream b = {.out = huffman->stream};
    size_t fours = sizes[1] / 4;
    for (size_t i = sizes[0]; i-- > 4 * fours;) {
        stream_put_one(&a, code, raw[i]);
    }
    for (size_t i = sizes[1]; i-- > 4 * fours;) {
        stream_put_one(&b, code, second[i]);
    }
    for (size_t i = fours; i-- > 0;) {
        stream_put_four(&a, huffman->pairs, raw + 4 * i);
        stream_put_four(&b, huffman->pairs, second + 4 * i);
    }
    sizes[0] = (size_t)(stream_end(&a) - out);
    sizes[1] = (size_t)(stream_end(&b) - huffman->stream);
    memcpy(out + sizes[0], huffman->stream, sizes[1]);
    return out + sizes[0] + sizes[1];
}

/* Literals in four streams behind their description and the sizes of three; returns their end. */
INLINE uint8_t *put_literals(struct huffman *huffman, const struct huffman_code *code,
                             const uint8_t *raw, size_t bytes, uint8_t *out) {
    uint8_t *body = out + LITERALS_HEADER_BYTES;
    uint8_t *jumps = body + huffman_code_describe(code, body);
    size_t quarter = (bytes + 3) / 4;
    size_t sizes[4] = {quarter, quarter, quarter, bytes - 3 * quarter};
    uint8_t *end = jumps + JUMPS_BYTES;
    end = put_two(huffman, code, raw, sizes, end);
    end = put_two(huffman, code, raw + 2 * quarter, sizes + 2, end);
    for (size_t i = 0; i < 3; i++) {
        put16(jumps + 2 * i, (uint16_t)sizes[i]);
    }
    /* Type 2, its own description; size format 3, sizes of 18 bits. */
    uint64_t fields = 2u | 3u << 2 | (uint64_t)bytes << 4 | (uint64_t)(end - body) << 22;
    put32(out, (uint32_t)fields);
    out[4] = (uint8_t)(fields >> 32);
    return end;
}

static uint8_t *put_block_header(uint8_t *out, enum block block, size_t bytes, bool is_last) {
    unsigned header = (unsigned)bytes << 3 | (unsigned)block << 1 | is_last;
    out[0] = (uint8_t)header;
    put16(out + 1, (uint16_t)(header >> 8));
    return out + BLOCK_HEADER_BYTES;
}

/* What a block may take before it is known that it got smaller. */
static size_t block_room(size_t bytes) {
    return BLOCK_HEADER_BYTES + LITERALS_HEADER_BYTES + HUFFMAN_DESCRIPTION_BYTES + JUMPS_BYTES +
           bytes * HUFFMAN_BITS_MAX / 8 + 4 * 8 + 1;
}

/* Returns the block's end, or NULL when a symbol is too high. */
INLINE uint8_t *put_block(struct huffman *huffman, const uint8_t *raw, size_t bytes, bool is_last,
                          uint8_t *out) {
    struct huffman_code code;
    if (!count_pairs(huffman->pairs, raw, bytes) ||
        !count_symbols(huffman->pairs, raw, bytes, code.counts)) {
        return NULL;
    }
    huffman_code_build(&code);
    if (code.kinds == 1) {
        out = put_block_header(out, BLOCK_RLE, bytes, is_last);
        *out = raw[0];
        return out + 1;
    }
    uint8_t *body = out + BLOCK_HEADER_BYTES;
    if (bytes >= RAW_BELOW_BYTES) {
        fill_pairs(huffman, &code);
        uint8_t *end = put_literals(huffman, &code, raw, bytes, body);
        *end++ = 0; /* no sequences */
        if ((size_t)(end - body) < bytes) {
            put_block_header(out, BLOCK_COMPRESSED, (size_t)(end - body), is_last);
            return end;
        }
    }
    put_block_header(out, BLOCK_RAW, bytes, is_last);
    memcpy(body, raw, bytes);
    return body + bytes;
}

/* One segment with its size in four bytes: the window is the plane. */
static uint8_t *put_frame_header(size_t raw_bytes, uint8_t *out) {
    put32(out, 0xfd2fb528u);
    out[4] = 2u << 6 | 1u << 5;
    put32(out + 5, (uint32_t)raw_bytes);
    return out + FRAME_HEADER_BYTES;
}

INLINE size_t encode_any(struct huffman *huffman, const uint8_t *raw, size_t raw_bytes,
                         uint8_t *coded, size_t room) {
    uint8_t *out = put_frame_header(raw_bytes, coded);
    for (size_t at = 0; at < raw_bytes; at += HUFFMAN_BLOCK_BYTES) {
        bool is_last = raw_bytes - at <= HUFFMAN_BLOCK_BYTES;
        size_t bytes = is_last ? raw_bytes - at : HUFFMAN_BLOCK_BYTES;
        if ((size_t)(coded + room - out) < block_room(bytes)) {
            return 0;
        }
        out = put_block(huffman, raw + at, bytes, is_last, out);
        if (!out) {
            return 0;
        }
    }
    return (size_t)(out - coded);
}

FOR_AVX2 static size_t encode_avx2(struct huffman *huffman, const uint8_t *raw, size_t raw_bytes,
                                   uint8_t *coded, size_t room) {
    return encode_any(huffman, raw, raw_bytes, coded, room);
}

size_t huffman_encode(struct huffman *huffman, const uint8_t *raw, size_t raw_bytes, uint8_t *coded,
                      size_t room) {
    if (raw_bytes == 0 || raw_bytes > UINT32_MAX || room < FRAME_HEADER_BYTES) {
        return 0;
    }
    return HAS_AVX2() ? encode_avx2(huffman, raw, raw_bytes, coded, room)
                      : encode_any(huffman, raw, raw_bytes, coded, room);
}
