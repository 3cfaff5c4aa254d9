/*
 * Contributions in fewer bits: runs of fp32 values coded as fp32, bf16, or int8 by blocks.
 *
 * Rounding is to nearest, ties to even, and symmetric about zero: no bias. Coded bytes and decoded
 * values have the same bits on every CPU, vector or scalar (no contraction, one rounding an
 * operation). Pure; any alignment of coded bytes.
 *
 * int8: blocks of QUANTISE_BLOCK values (the last may be shorter), each a little-endian fp32 scale,
 * then one signed byte a value. scale = absmax / 127, byte = nearest(value * (127 / absmax)), value
 * decoded = byte * scale. A block whose absmax is below 2^-100 is coded as zeros with scale 0.
 * bf16: the upper half of the fp32, rounded, little-endian. fp32: little-endian.
 */
#ifndef CODEC_QUANTISE_H
#define CODEC_QUANTISE_H

#include <satsync/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The values stand on the wire. */
enum quantise_codec { QUANTISE_FP32 = 1, QUANTISE_BF16 = 2, QUANTISE_INT8 = 3 };

enum { QUANTISE_BLOCK = 256 };

bool quantise_is_known(uint8_t codec);

/* "fp32", "bf16", "int8", else "unknown". */
const char *quantise_name(uint8_t codec);

/* Bytes of `values` values when coded. */
uint64_t quantise_bytes(enum quantise_codec codec, uint64_t values);

/* coded[quantise_bytes(codec, values)]. All values are finite and at most 1e30 in magnitude. */
void quantise_encode(enum quantise_codec codec, const float *restrict value, size_t values,
                     uint8_t *restrict coded);

/* value[values] from what quantise_encode wrote, or anybody. */
void quantise_decode(enum quantise_codec codec, const uint8_t *restrict coded, size_t values,
                     float *restrict value);

/* True when every value that `coded` decodes to is finite and at most `limit` in magnitude. */
bool quantise_is_sane(enum quantise_codec codec, const uint8_t *coded, size_t values, float limit);

#endif
