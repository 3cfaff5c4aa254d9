#include "sim-link/fixed.h"

#include "base/wide.h"

#include <assert.h>

uint64_t fixed_log2(uint64_t value) {
    assert(value > 0);
    unsigned whole = 63u - (unsigned)__builtin_clzll(value);
    uint64_t mantissa = value << (63 - whole); /* [1, 2) with 63 bits behind the point */
    uint64_t result = (uint64_t)whole << 32;
    for (int bit = 31; bit >= 0; bit--) {
        uint128 square = ((uint128)mantissa * mantissa) >> 63;
        if ((square >> 64) != 0) {
            result |= 1ull << bit;
            square >>= 1;
        }
        mantissa = (uint64_t)square;
    }
    return result;
}

/* 2^(1/2), 2^(1/4), ... with 31 bits behind the point. */
static const uint32_t roots[16] = {3037000500u, 2553802834u, 2341847524u, 2242560872u,
                                   2194507417u, 2170868212u, 2159144272u, 2153306067u,
                                   2150392887u, 2148937775u, 2148210589u, 2147847087u,
                                   2147665360u, 2147574502u, 2147529075u, 2147506361u};

uint64_t fixed_scale(uint64_t value, int32_t power_q16) {
    int32_t whole = power_q16 >= 0 ? power_q16 / Q16_ONE : -((-power_q16 + Q16_ONE - 1) / Q16_ONE);
    uint32_t fraction = (uint32_t)(power_q16 - whole * Q16_ONE);
    uint128 scaled = value;
    for (int i = 0; i < 16; i++) {
        if ((fraction >> (15 - i) & 1) != 0) {
            scaled = (scaled * roots[i]) >> 31;
        }
    }
    assert(whole <= 40 && whole >= -41);
    scaled = whole >= 0 ? scaled << whole : scaled >> -whole;
    return scaled > UINT64_MAX ? UINT64_MAX : (uint64_t)scaled;
}

/* Heron's, from above: falls until it is the floor. */
uint64_t fixed_root(uint64_t value) {
    if (value < 2) {
        return value;
    }
    unsigned bits = 64u - (unsigned)__builtin_clzll(value);
    uint64_t root = 1ull << (bits + 1) / 2;
    for (uint64_t next = (root + value / root) / 2; next < root; next = (root + value / root) / 2) {
        root = next;
    }
    return root;
}

uint64_t draw_exponential(struct random *random, uint64_t mean) {
    const uint64_t ln2_q32 = 2977044472u;
    uint64_t uniform = random_u64(random) | 1;
    uint64_t halvings_q32 = (64ull << 32) - fixed_log2(uniform);
    uint128 nats_q32 = ((uint128)halvings_q32 * ln2_q32) >> 32;
    return (uint64_t)((nats_q32 * mean) >> 32);
}

int32_t draw_normal(struct random *random) {
    int32_t sum = 0;
    for (int i = 0; i < 12; i++) {
        sum += (int32_t)(random_u32(random) >> 16);
    }
    return sum - 6 * 65535;
}
