/*
 * Sums of the ranks' chunks, element by element in rank order, so that the bits do not depend on
 * what arrived first. Pure; the same bits on every CPU.
 */
#ifndef COLLECTIVE_REDUCE_H
#define COLLECTIVE_REDUCE_H

#include "collective/collective.h"

/* out[i] = in[0][i] + in[1][i] + ... `out` may be one of them. fp16 and bf16 are added in fp32 and
 * rounded once, to nearest, ties to even; integers wrap around. Not for COLLECTIVE_BYTES. */
void reduce_sum(enum collective_dtype dtype, void *out, const void *const *in, uint32_t ranks,
                size_t count);

/* fp16 (IEEE 754 binary16) and bf16, rounded to nearest even; a NaN stays one. */
float reduce_from_f16(uint16_t half);
uint16_t reduce_to_f16(float value);
float reduce_from_bf16(uint16_t half);
uint16_t reduce_to_bf16(float value);

#endif
