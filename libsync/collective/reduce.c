#include "collective/reduce.h"

#include "base/check.h"

#include <string.h>

/* Sums stay in the first-level cache; a fixed length lets the compiler use vectors. */
enum { BLOCK = 1024 };

static float float_of(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint32_t bits_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

float reduce_from_bf16(uint16_t half) {
    return float_of((uint32_t)half << 16);
}

uint16_t reduce_to_bf16(float value) {
    uint32_t bits = bits_of(value);
    uint32_t quiet = (bits >> 16) | 0x40;
    uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    return (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? quiet : rounded);
}

float reduce_from_f16(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    uint32_t magnitude = half & 0x7fff;
    if (magnitude >= 0x7c00) { /* infinity, NaN */
        return float_of(sign | 0x7f800000 | (magnitude << 13));
    }
    /* As if the exponent had fp32's bias, then scaled: exact, subnormals too. */
    float scaled = float_of(magnitude << 13) * 0x1p112f;
    return float_of(sign | bits_of(scaled));
}

uint16_t reduce_to_f16(float value) {
    uint32_t bits = bits_of(value);
    uint32_t sign = (bits >> 16) & 0x8000;
    uint32_t magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) {
        return (uint16_t)(sign | 0x7e00);
    }
    if (magnitude >= 0x477ff000) { /* rounds to 2^16 or more */
        return (uint16_t)(sign | 0x7c00);
    }
    if (magnitude < 0x38800000) { /* subnormal: adding 0.5 rounds at 2^-24 */
        return (uint16_t)(sign | (bits_of(float_of(magnitude) + 0.5f) - 0x3f000000));
    }
    uint32_t rounded = magnitude + 0xfff + ((magnitude >> 13) & 1);
    return (uint16_t)(sign | ((rounded - 0x38000000) >> 13));
}

/* Sums of elements that are added as they are. */
#define DEFINE_SUM(name, type)                                                                     \
    static void name(void *out, const void *const *in, uint32_t ranks, size_t count) {             \
        type sum[BLOCK];                                                                           \
        for (size_t at = 0; at < count; at += BLOCK) {                                             \
            size_t length = count - at < BLOCK ? count - at : BLOCK;                               \
            memcpy(sum, (const type *)in[0] + at, length * sizeof *sum);                           \
            for (uint32_t rank = 1; rank < ranks; rank++) {                                        \
                const type *more = (const type *)in[rank] + at;                                    \
                if (length == BLOCK) {                                                             \
                    for (size_t i = 0; i < BLOCK; i++) {                                           \
                        sum[i] += more[i];                                                         \
                    }                                                                              \
                } else {                                                                           \
                    for (size_t i = 0; i < length; i++) {                                          \
                        sum[i] += more[i];                                                         \
                    }                                                                              \
                }                                                                                  \
            }                                                                                      \
            memcpy((type *)out + at, sum, length * sizeof *sum);                                   \
        }                                                                                          \
    }

/* Sums of 16-bit floats, held in fp32. */
#define DEFINE_HALF_SUM(name, from, to)                                                            \
    static void name(void *out, const void *const *in, uint32_t ranks, size_t count) {             \
        for (size_t i = 0; i < count; i++) {                                                       \
            float sum = from(((const uint16_t *)in[0])[i]);                                        \
            for (uint32_t rank = 1; rank < ranks; rank++) {                                        \
                sum += from(((const uint16_t *)in[rank])[i]);                                      \
            }                                                                                      \
            ((uint16_t *)out)[i] = to(sum);                                                        \
        }                                                                                          \
    }

DEFINE_SUM(sum_f32, float)
DEFINE_SUM(sum_f64, double)
DEFINE_SUM(sum_i32, uint32_t)
DEFINE_SUM(sum_i64, uint64_t)
DEFINE_HALF_SUM(sum_f16, reduce_from_f16, reduce_to_f16)
DEFINE_HALF_SUM(sum_bf16, reduce_from_bf16, reduce_to_bf16)

void reduce_sum(enum collective_dtype dtype, void *out, const void *const *in, uint32_t ranks,
                size_t count) {
    static void (*const sums[COLLECTIVE_DTYPES])(void *, const void *const *, uint32_t, size_t) = {
        [COLLECTIVE_F32] = sum_f32,   [COLLECTIVE_F64] = sum_f64, [COLLECTIVE_F16] = sum_f16,
        [COLLECTIVE_BF16] = sum_bf16, [COLLECTIVE_I32] = sum_i32, [COLLECTIVE_I64] = sum_i64};
    assert((unsigned)dtype < COLLECTIVE_DTYPES && sums[dtype]);
    sums[dtype](out, in, ranks, count);
}
