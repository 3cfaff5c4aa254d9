/*
 * Little-endian words for the codecs' inner loops, inlined: beside base/bytes.c the one place that
 * turns bytes around. The caller has checked the bounds.
 */
#ifndef CODEC_WORDS_H
#define CODEC_WORDS_H

#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define LITTLE16(value) __builtin_bswap16(value)
#define LITTLE32(value) __builtin_bswap32(value)
#define LITTLE64(value) __builtin_bswap64(value)
#else
#define LITTLE16(value) (value)
#define LITTLE32(value) (value)
#define LITTLE64(value) (value)
#endif

INLINE uint16_t get16(const uint8_t *at) {
    uint16_t value;
    memcpy(&value, at, sizeof value);
    return LITTLE16(value);
}

INLINE uint32_t get32(const uint8_t *at) {
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return LITTLE32(value);
}

INLINE uint64_t get64(const uint8_t *at) {
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return LITTLE64(value);
}

INLINE void put16(uint8_t *at, uint16_t value) {
    value = LITTLE16(value);
    memcpy(at, &value, sizeof value);
}

INLINE void put32(uint8_t *at, uint32_t value) {
    value = LITTLE32(value);
    memcpy(at, &value, sizeof value);
}

INLINE void put64(uint8_t *at, uint64_t value) {
    value = LITTLE64(value);
    memcpy(at, &value, sizeof value);
}

#endif
