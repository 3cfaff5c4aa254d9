/*
 * Differences of elements: subtraction modulo 2^bits, of floats after their bits were mapped to
 * integers in the order of their values, folded so that 0, -1, 1, -2 become 0, 1, 2, 3. Pure.
 */
#ifndef CODEC_DIFFERENCES_H
#define CODEC_DIFFERENCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct differences {
    size_t elements;
    uint8_t width; /* 1, 2, 4 or 8 */
    bool floating; /* sign and magnitude */
};

/* base[i] becomes the folded raw[i] - base[i]; little-endian, any alignment. */
void differences_take(const struct differences *shape, const uint8_t *raw, uint8_t *base);

/* The inverse: base[i] becomes raw[i]. */
void differences_apply(const struct differences *shape, const uint8_t *folded, uint8_t *base);

#endif
