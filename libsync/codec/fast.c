#include "codec/fast.h"

#include "base/bytes.h"
#include "codec/fast_x86.h"
#include "codec/words.h"

#include <assert.h>

enum { HEADER_BYTES = 1 + 1 + 4, SAMPLES = 1024 };

INLINE uint16_t rotate_left2(uint16_t value) {
    return (uint16_t)(value << 1 | value >> 15);
}

INLINE uint32_t rotate_left4(uint32_t value) {
    return value << 1 | value >> 31;
}

/* The code of an exponent, which is escaped when it has none. */
INLINE bool code_of(struct fast_work *work, uint8_t exponent, uint8_t *code) {
    uint8_t distance = (uint8_t)(exponent - work->lowest);
    *code = distance < FAST_ESCAPE ? distance : FAST_ESCAPE;
    if (*code == FAST_ESCAPE) {
        if (work->escape_room == 0) {
            return false;
        }
        work->escape_room--;
        *work->escapes++ = exponent;
    }
    return true;
}

INLINE bool exponent_of(struct fast_work *work, uint8_t code, uint8_t *exponent) {
    *exponent = (uint8_t)(work->lowest + code);
    if (code == FAST_ESCAPE) {
        if (work->escape_room == 0) {
            return false;
        }
        work->escape_room--;
        *exponent = *work->escapes++;
    }
    return true;
}

/* Takes an element apart: its exponent is returned, its other bytes go to the rest. */
INLINE uint8_t split_one(struct fast_work *work, size_t width) {
    uint8_t exponent;
    if (width == 2) {
        uint16_t value = rotate_left2(get16(work->raw));
        exponent = (uint8_t)(value >> 8);
        work->rest[0] = (uint8_t)value;
    } else {
        uint32_t value = rotate_left4(get32(work->raw));
        exponent = (uint8_t)(value >> 24);
        put16(work->rest, (uint16_t)value);
        work->rest[2] = (uint8_t)(value >> 16);
    }
    work->raw += width;
    work->rest += width - 1;
    return exponent;
}

INLINE void join_one(struct fast_work *work, size_t width, uint8_t exponent) {
    if (width == 2) {
        uint16_t value = (uint16_t)(exponent << 8 | work->rest[0]);
        put16(work->raw, (uint16_t)(value >> 1 | value << 15));
    } else {
        uint32_t value =
            (uint32_t)exponent << 24 | (uint32_t)work->rest[2] << 16 | get16(work->rest);
        put32(work->raw, value >> 1 | value << 31);
    }
    work->raw += width;
    work->rest += width - 1;
}

INLINE bool encode_plain(struct fast_work *work, size_t width) {
    while (work->elements > 0) {
        size_t count = work->elements > 1 ? 2 : 1;
        uint8_t codes[2] = {0, 0};
        for (size_t i = 0; i < count; i++) {
            if (!code_of(work, split_one(work, width), &codes[i])) {
                return false;
            }
        }
        *work->codes++ = (uint8_t)(codes[0] | codes[1] << 4);
        work->elements -= count;
    }
    return true;
}

INLINE bool decode_plain(struct fast_work *work, size_t width) {
    while (work->elements > 0) {
        size_t count = work->elements > 1 ? 2 : 1;
        uint8_t pair = *work->codes++;
        for (size_t i = 0; i < count; i++) {
            uint8_t exponent;
            if (!exponent_of(work, i == 0 ? pair & 15 : pair >> 4, &exponent)) {
                return false;
            }
            join_one(work, width, exponent);
        }
        if (count == 1 && pair >> 4) {
            return false;
        }
        work->elements -= count;
    }
    return true;
}

static bool encode2_plain(struct fast_work *work) {
    return encode_plain(work, 2);
}

static bool encode4_plain(struct fast_work *work) {
    return encode_plain(work, 4);
}

static bool decode2_plain(struct fast_work *work) {
    return decode_plain(work, 2);
}

static bool decode4_plain(struct fast_work *work) {
    return decode_plain(work, 4);
}

static const struct fast_steps plain = {"plain", encode2_plain, encode4_plain, decode2_plain,
                                        decode4_plain};

size_t fast_steps_known(const struct fast_steps *known[3]) {
    size_t count = 0;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi") &&
        __builtin_cpu_supports("avx512vbmi2")) {
        known[count++] = &fast_steps_avx512;
    }
    if (__builtin_cpu_supports("avx2")) {
        known[count++] = &fast_steps_avx2;
    }
#endif
    known[count++] = &plain;
    return count;
}

static uint8_t exponent_at(const uint8_t *raw, uint8_t width) {
    /* Rotated left by one: the top byte without the sign, and the next byte's first bit. */
    return (uint8_t)(raw[width - 1] << 1 | raw[width - 2] >> 7);
}

uint8_t fast_window(const uint8_t *raw, size_t bytes, uint8_t width) {
    uint32_t counts[256] = {0};
    size_t elements = bytes / width;
    size_t stride = elements / SAMPLES + 1;
    for (size_t i = 0; i < elements; i += stride) {
        counts[exponent_at(raw + i * width, width)]++;
    }
    uint32_t inside = 0;
    uint32_t most = 0;
    unsigned lowest = 0;
    for (unsigned next = 0; next < 256; next++) { /* the window is the 15 that end with `next` */
        inside += counts[next] - (next >= FAST_ESCAPE ? counts[next - FAST_ESCAPE] : 0);
        if (inside > most) {
            most = inside;
            lowest = next >= FAST_ESCAPE ? next - FAST_ESCAPE + 1 : 0;
        }
    }
    return (uint8_t)lowest;
}

/* Where the parts of a coded chunk lie; the escapes come last, so that their number need not be
 * known. */
static struct fast_work work_of(const uint8_t *raw, size_t bytes, uint8_t width,
                                const uint8_t *coded) {
    size_t elements = bytes / width;
    struct fast_work work = {.raw = (uint8_t *)(uintptr_t)raw,
                             .codes = (uint8_t *)(uintptr_t)coded + HEADER_BYTES,
                             .elements = elements};
    work.rest = work.codes + (elements + 1) / 2;
    work.escapes = work.rest + elements * (width - 1u);
    return work;
}

size_t fast_encode(const struct fast_steps *steps, const struct fast_input *input, uint8_t *coded,
                   size_t room) {
    uint8_t width = input->width;
    assert((width == 2 || width == 4) && input->bytes % width == 0);
    struct fast_work work = work_of(input->raw, input->bytes, width, coded);
    const uint8_t *escapes = work.escapes;
    if ((size_t)(escapes - coded) > room) {
        return 0;
    }
    work.escape_room = room - (size_t)(escapes - coded);
    work.lowest = fast_window(input->raw, input->bytes, width);
    fast_step_fn *vectors = width == 2 ? steps->encode2 : steps->encode4;
    fast_step_fn *others = width == 2 ? encode2_plain : encode4_plain;
    if (!vectors(&work) || !others(&work)) {
        return 0;
    }
    struct bytes_writer out = bytes_writer_over(coded, HEADER_BYTES);
    bytes_put_u8(&out, width);
    bytes_put_u8(&out, work.lowest);
    bytes_put_u32(&out, (uint32_t)(work.escapes - escapes));
    return (size_t)(work.escapes - coded);
}

bool fast_decode(const struct fast_steps *steps, const uint8_t *coded, size_t coded_bytes,
                 uint8_t *raw, size_t bytes) {
    struct bytes_reader in = bytes_reader_over(coded, coded_bytes);
    uint8_t width = bytes_get_u8(&in);
    uint8_t lowest = bytes_get_u8(&in);
    uint32_t escapes = bytes_get_u32(&in);
    if (in.failed || (width != 2 && width != 4) || bytes % width) {
        return false;
    }
    size_t elements = bytes / width;
    size_t expected = (elements + 1) / 2 + elements * (width - 1u) + escapes;
    if (bytes_left(&in) != expected) {
        return false;
    }
    struct fast_work work = work_of(raw, bytes, width, coded);
    work.escape_room = escapes;
    work.lowest = lowest;
    fast_step_fn *vectors = width == 2 ? steps->decode2 : steps->decode4;
    fast_step_fn *others = width == 2 ? decode2_plain : decode4_plain;
    return vectors(&work) && others(&work) && work.escape_room == 0;
}
