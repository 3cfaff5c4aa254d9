/*
 * Rounding floats to bf16: what mixed-precision training makes its bf16 weights of, element by
 * element, so that a copy can be made again from its fp32 master instead of being stored.
 */
#ifndef CODEC_ROUNDING_H
#define CODEC_ROUNDING_H

#include <stddef.h>
#include <stdint.h>

/* `elements` fp32 to as many bf16, little-endian both, which may not overlap: to nearest, ties to
 * even, overflow to infinity; a NaN becomes 0x7fc0, as in PyTorch. Pure; the same on every CPU. */
void round_to_bf16(const uint8_t *fp32, size_t elements, uint8_t *bf16);

#endif
