/* The loops must vectorise, which gcc does fully from -O3 only. Integers only, so the level cannot
 * change a result. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__OPTIMIZE__)
#pragma GCC optimize("O3")
#endif

#include "codec/differences.h"

#include "codec/cpu.h"
#include "codec/words.h"

#include <assert.h>

INLINE uint8_t get8(const uint8_t *at) {
    return *at;
}

INLINE void put8(uint8_t *at, uint8_t value) {
    *at = value;
}

/* In the order of the values: negative floats, whose magnitude grows downwards, are turned around.
 */
#define ORDERED(type, bits, value) ((type)((value) ^ ((type)(0 - ((value) >> (bits - 1))) >> 1)))

/* It is its own inverse. */
#define UNORDERED ORDERED

#define LOOPS(bits, type)                                                                          \
    INLINE void take##bits(size_t count, bool floating, const uint8_t *restrict raw,               \
                           uint8_t *restrict base) {                                               \
        for (size_t i = 0; i < count; i++) {                                                       \
            type now = get##bits(raw + i * sizeof(type));                                          \
            type before = get##bits(base + i * sizeof(type));                                      \
            now = floating ? ORDERED(type, bits, now) : now;                                       \
            before = floating ? ORDERED(type, bits, before) : before;                              \
            type change = (type)(now - before);                                                    \
            type folded = (type)((type)(change << 1) ^ (type)(0 - (change >> (bits - 1))));        \
            put##bits(base + i * sizeof(type), folded);                                            \
        }                                                                                          \
    }                                                                                              \
    INLINE void apply##bits(size_t count, bool floating, const uint8_t *restrict folds,            \
                            uint8_t *restrict base) {                                              \
        for (size_t i = 0; i < count; i++) {                                                       \
            type folded = get##bits(folds + i * sizeof(type));                                     \
            type before = get##bits(base + i * sizeof(type));                                      \
            type change = (type)((type)(folded >> 1) ^ (type)(0 - (folded & 1)));                  \
            before = floating ? ORDERED(type, bits, before) : before;                              \
            type now = (type)(before + change);                                                    \
            put##bits(base + i * sizeof(type), floating ? UNORDERED(type, bits, now) : now);       \
        }                                                                                          \
    }

LOOPS(8, uint8_t)
LOOPS(16, uint16_t)
LOOPS(32, uint32_t)
LOOPS(64, uint64_t)

INLINE void take_any(const struct differences *shape, const uint8_t *raw, uint8_t *base) {
    switch (shape->width) {
    case 1:
        take8(shape->elements, shape->floating, raw, base);
        break;
    case 2:
        take16(shape->elements, shape->floating, raw, base);
        break;
    case 4:
        take32(shape->elements, shape->floating, raw, base);
        break;
    default:
        assert(shape->width == 8);
        take64(shape->elements, shape->floating, raw, base);
        break;
    }
}

INLINE void apply_any(const struct differences *shape, const uint8_t *folded, uint8_t *base) {
    switch (shape->width) {
    case 1:
        apply8(shape->elements, shape->floating, folded, base);
        break;
    case 2:
        apply16(shape->elements, shape->floating, folded, base);
        break;
    case 4:
        apply32(shape->elements, shape->floating, folded, base);
        break;
    default:
        assert(shape->width == 8);
        apply64(shape->elements, shape->floating, folded, base);
        break;
    }
}

FOR_AVX2 static void take_avx2(const struct differences *shape, const uint8_t *raw, uint8_t *base) {
    take_any(shape, raw, base);
}

FOR_AVX2 static void apply_avx2(const struct differences *shape, const uint8_t *folded,
                                uint8_t *base) {
    apply_any(shape, folded, base);
}

void differences_take(const struct differences *shape, const uint8_t *raw, uint8_t *base) {
    if (HAS_AVX2()) {
        take_avx2(shape, raw, base);
    } else {
        take_any(shape, raw, base);
    }
}

void differences_apply(const struct differences *shape, const uint8_t *folded, uint8_t *base) {
    if (HAS_AVX2()) {
        apply_avx2(shape, folded, base);
    } else {
        apply_any(shape, folded, base);
    }
}
