/*
 * Byte planes: byte p of every element gathered, the most significant first. For floats each
 * element's bits are first rotated left by one, so that the sign stands behind the fraction and the
 * exponent fills the first plane, where its few common values compress. Pure; any alignment.
 */
#ifndef CODEC_PLANES_H
#define CODEC_PLANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PLANES_MAX = 8 };

struct planes {
    size_t elements;
    uint8_t width; /* 1, 2, 4 or 8: bytes of an element, and the number of planes */
    bool rotated;
};

/* raw[elements * width], little-endian -> plane p at out + p * elements. No overlap. */
void planes_split(const struct planes *planes, const uint8_t *raw, uint8_t *out);

/* The inverse; plane[p] may lie anywhere. */
void planes_join(const struct planes *planes, const uint8_t *const plane[PLANES_MAX], uint8_t *raw);

#endif
