/*
 * Numbers that are the same bits on every machine and with every compiler: plain arithmetic in a
 * fixed order, no libm, no fused multiply-add (the build passes -ffp-contract=off). Pure.
 */
#ifndef TINYLM_ARITHMETIC_H
#define TINYLM_ARITHMETIC_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* e^x to about 2 units in the last place; x is clamped to [-87, 88]. */
static inline float exponential(float x) {
    x = x < -87.0f ? -87.0f : x;
    x = x > 88.0f ? 88.0f : x;
    /* x = n ln 2 + r with |r| <= ln 2 / 2; ln 2 in two parts (Cody and Waite). */
    int32_t n = (int32_t)(x * 1.44269504f + (x < 0 ? -0.5f : 0.5f));
    float r = x - (float)n * 0.693359375f;
    r = r + (float)n * 2.12194440e-4f;
    float p = 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    uint32_t bits = (uint32_t)(n + 127) << 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

static inline float sigmoid(float x) {
    return 1.0f / (1.0f + exponential(-x));
}

static inline float hyperbolic_tangent(float x) {
    return 1.0f - 2.0f / (exponential(2.0f * x) + 1.0f);
}

/* ln x for a normal x > 0. */
double natural_logarithm(double x);

/* The square root to the last bit or next to it; x >= 0. */
double square_root(double x);

/* bfloat16 is the upper half of a float; rounds to nearest, ties to even. Not for NaN. */
static inline uint16_t bf16_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static inline float float_of_bf16(uint16_t half) {
    uint32_t bits = (uint32_t)half << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* splitmix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014): the
 * whole state is one number, so that a checkpoint holds it easily. */
uint64_t random_next(uint64_t *state);

/* Uniform in [-1, 1), a multiple of 2^-23. */
float random_unit(uint64_t *state);

/* FNV-1a, 64 bits, over bytes that follow those that gave `hash` (FNV_START at first). */
#define FNV_START 0xcbf29ce484222325u
uint64_t fnv_hash(uint64_t hash, const void *data, size_t bytes);

#endif
