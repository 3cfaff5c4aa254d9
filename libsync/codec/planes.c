/* The loops must vectorise, which gcc does fully from -O3 only. Integers only, so the level cannot
 * change a result. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__OPTIMIZE__)
#pragma GCC optimize("O3")
#endif

#include "codec/planes.h"

#include "codec/cpu.h"
#include "codec/words.h"

#include <assert.h>
#include <string.h>

/* `turn` is 0 or 1; a shift by a loop constant vectorises, and the mask keeps it defined. */
INLINE void split2(const uint8_t *restrict raw, size_t count, unsigned turn,
                   uint8_t *restrict out) {
    uint8_t *restrict high = out;
    uint8_t *restrict low = out + count;
    for (size_t i = 0; i < count; i++) {
        unsigned value = get16(raw + 2 * i);
        value = value << turn | (value >> 15 & turn);
        high[i] = (uint8_t)(value >> 8);
        low[i] = (uint8_t)value;
    }
}

INLINE void split4(const uint8_t *restrict raw, size_t count, unsigned turn,
                   uint8_t *restrict out) {
    uint8_t *restrict p0 = out;
    uint8_t *restrict p1 = out + count;
    uint8_t *restrict p2 = out + 2 * count;
    uint8_t *restrict p3 = out + 3 * count;
    for (size_t i = 0; i < count; i++) {
        uint32_t value = get32(raw + 4 * i);
        value = value << turn | (value >> 31 & turn);
        p0[i] = (uint8_t)(value >> 24);
        p1[i] = (uint8_t)(value >> 16);
        p2[i] = (uint8_t)(value >> 8);
        p3[i] = (uint8_t)value;
    }
}

/* Eight outputs at once defeat the vectoriser; two passes of four do not. */
INLINE void split8_half(const uint8_t *restrict raw, size_t count, unsigned turn,
                        uint8_t *restrict out, unsigned shift) {
    uint8_t *restrict p0 = out;
    uint8_t *restrict p1 = out + count;
    uint8_t *restrict p2 = out + 2 * count;
    uint8_t *restrict p3 = out + 3 * count;
    for (size_t i = 0; i < count; i++) {
        uint64_t value = get64(raw + 8 * i);
        value = value << turn | (value >> 63 & turn);
        uint32_t half = (uint32_t)(value >> shift);
        p0[i] = (uint8_t)(half >> 24);
        p1[i] = (uint8_t)(half >> 16);
        p2[i] = (uint8_t)(half >> 8);
        p3[i] = (uint8_t)half;
    }
}

INLINE void split_any(const struct planes *planes, const uint8_t *raw, uint8_t *out) {
    size_t count = planes->elements;
    unsigned turn = planes->rotated;
    switch (planes->width) {
    case 1:
        memcpy(out, raw, count);
        break;
    case 2:
        split2(raw, count, turn, out);
        break;
    case 4:
        split4(raw, count, turn, out);
        break;
    default:
        assert(planes->width == 8);
        split8_half(raw, count, turn, out, 32);
        split8_half(raw, count, turn, out + 4 * count, 0);
        break;
    }
}

FOR_AVX2 static void split_avx2(const struct planes *planes, const uint8_t *raw, uint8_t *out) {
    split_any(planes, raw, out);
}

void planes_split(const struct planes *planes, const uint8_t *raw, uint8_t *out) {
    if (HAS_AVX2()) {
        split_avx2(planes, raw, out);
    } else {
        split_any(planes, raw, out);
    }
}

INLINE void join2(const uint8_t *const plane[PLANES_MAX], size_t count, unsigned turn,
                  uint8_t *restrict raw) {
    const uint8_t *restrict high = plane[0];
    const uint8_t *restrict low = plane[1];
    for (size_t i = 0; i < count; i++) {
        unsigned value = (unsigned)high[i] << 8 | low[i];
        put16(raw + 2 * i, (uint16_t)(value >> turn | (value & turn) << 15));
    }
}

INLINE void join4(const uint8_t *const plane[PLANES_MAX], size_t count, unsigned turn,
                  uint8_t *restrict raw) {
    const uint8_t *restrict p0 = plane[0];
    const uint8_t *restrict p1 = plane[1];
    const uint8_t *restrict p2 = plane[2];
    const uint8_t *restrict p3 = plane[3];
    for (size_t i = 0; i < count; i++) {
        uint32_t value =
            (uint32_t)p0[i] << 24 | (uint32_t)p1[i] << 16 | (uint32_t)p2[i] << 8 | p3[i];
        put32(raw + 4 * i, value >> turn | (value & turn) << 31);
    }
}

INLINE void join8(const uint8_t *const plane[PLANES_MAX], size_t count, unsigned turn,
                  uint8_t *restrict raw) {
    for (size_t i = 0; i < count; i++) {
        uint64_t value = 0;
        for (int p = 0; p < 8; p++) {
            value = value << 8 | plane[p][i];
        }
        put64(raw + 8 * i, value >> turn | (value & turn) << 63);
    }
}

INLINE void join_any(const struct planes *planes, const uint8_t *const plane[PLANES_MAX],
                     uint8_t *raw) {
    size_t count = planes->elements;
    unsigned turn = planes->rotated;
    switch (planes->width) {
    case 1:
        memcpy(raw, plane[0], count);
        break;
    case 2:
        join2(plane, count, turn, raw);
        break;
    case 4:
        join4(plane, count, turn, raw);
        break;
    default:
        assert(planes->width == 8);
        join8(plane, count, turn, raw);
        break;
    }
}

FOR_AVX2 static void join_avx2(const struct planes *planes, const uint8_t *const plane[PLANES_MAX],
                               uint8_t *raw) {
    join_any(planes, plane, raw);
}

void planes_join(const struct planes *planes, const uint8_t *const plane[PLANES_MAX],
                 uint8_t *raw) {
    if (HAS_AVX2()) {
        join_avx2(planes, plane, raw);
    } else {
        join_any(planes, plane, raw);
    }
}
