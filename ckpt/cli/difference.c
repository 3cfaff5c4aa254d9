#include "ckpt/cli/difference.h"

#include <math.h>
#include <string.h>

static double of_f32_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

static double of_f16(uint16_t bits) {
    int exponent = bits >> 10 & 31;
    double fraction = bits & 1023;
    double magnitude = exponent == 0    ? ldexp(fraction, -24)
                       : exponent == 31 ? (fraction > 0 ? NAN : INFINITY)
                                        : ldexp(fraction + 1024, exponent - 25);
    return bits & 0x8000 ? -magnitude : magnitude;
}

/* An integer of `bytes`, little-endian as files are. */
static uint64_t bits_at(const uint8_t *at, size_t bytes) {
    uint64_t bits = 0;
    for (size_t i = bytes; i-- > 0;) {
        bits = bits << 8 | at[i];
    }
    return bits;
}

static double of_signed(uint64_t bits, size_t bytes) {
    unsigned shift = 64 - 8 * (unsigned)bytes;
    return (double)((int64_t)(bits << shift) >> shift);
}

/* False for a type that has no number here. */
static bool number_at(enum satsync_dtype dtype, const uint8_t *at, double *number) {
    size_t bytes = satsync_dtype_bytes(dtype);
    uint64_t bits = bits_at(at, bytes < 8 ? bytes : 8);
    switch (dtype) {
    case SATSYNC_BF16:
        *number = of_f32_bits((uint32_t)bits << 16);
        return true;
    case SATSYNC_F16:
        *number = of_f16((uint16_t)bits);
        return true;
    case SATSYNC_F32:
        *number = of_f32_bits((uint32_t)bits);
        return true;
    case SATSYNC_F64:
        memcpy(number, &bits, sizeof bits);
        return true;
    case SATSYNC_I8:
    case SATSYNC_I16:
    case SATSYNC_I32:
    case SATSYNC_I64:
        *number = of_signed(bits, bytes);
        return true;
    case SATSYNC_BOOL:
    case SATSYNC_U8:
    case SATSYNC_U16:
    case SATSYNC_U32:
    case SATSYNC_U64:
        *number = (double)bits;
        return true;
    default:
        return false;
    }
}

static void add_numbers(struct difference *difference, double from, double to) {
    double moved = fabs(to - from);
    if (isfinite(moved)) {
        difference->largest = moved > difference->largest ? moved : difference->largest;
        difference->squares += moved * moved;
    }
    if (isfinite(from)) {
        difference->before += from * from;
    }
}

void difference_add(struct difference *difference, enum satsync_dtype dtype, const void *from,
                    const void *to, size_t bytes) {
    size_t width = satsync_dtype_bytes(dtype);
    for (size_t at = 0; at < bytes; at += width) {
        const uint8_t *left = (const uint8_t *)from + at;
        const uint8_t *right = (const uint8_t *)to + at;
        double before;
        double after;
        difference->elements++;
        difference->changed += memcmp(left, right, width) != 0;
        difference->is_numeric = number_at(dtype, left, &before) && number_at(dtype, right, &after);
        if (difference->is_numeric) {
            add_numbers(difference, before, after);
        }
    }
}

double difference_relative(const struct difference *difference) {
    if (difference->squares == 0) {
        return 0;
    }
    return sqrt(difference->squares / difference->before);
}
