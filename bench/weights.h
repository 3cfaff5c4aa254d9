/* Normally distributed weights as a trained model has them, made by seed: little-endian bytes. */
#ifndef BENCH_WEIGHTS_H
#define BENCH_WEIGHTS_H

#include <stddef.h>
#include <stdint.h>

/* Fills out[0, bytes) with float32, or their upper halves (bfloat16), of deviation 0.02. */
void weights_fp32(uint64_t seed, uint8_t *out, size_t bytes);
void weights_bf16(uint64_t seed, uint8_t *out, size_t bytes);

#endif
