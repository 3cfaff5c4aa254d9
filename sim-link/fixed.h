/*
 * Fixed-point functions and draws: no floating point decides a packet's fate, so that all compilers
 * and CPUs agree. Q16 and Q32 say how many bits stand behind the point. Pure.
 */
#ifndef SIM_LINK_FIXED_H
#define SIM_LINK_FIXED_H

#include "base/random.h"

#include <stdint.h>

enum { Q16_ONE = 65536 };

/* log2(value), value > 0, in Q32, rounded down. By repeated squaring (Knuth, TAOCP 1.2.2, ex. 25).
 */
uint64_t fixed_log2(uint64_t value);

/* value * 2^(power / 65536), saturating; |power| <= 40 * 65536. */
uint64_t fixed_scale(uint64_t value, int32_t power_q16);

/* Square root, rounded down. */
uint64_t fixed_root(uint64_t value);

/* Exponentially distributed with this mean. */
uint64_t draw_exponential(struct random *random, uint64_t mean);

/* Normal with mean 0 and deviation 1 in Q16: the sum of twelve uniform draws, so within +-6. */
int32_t draw_normal(struct random *random);

/* True with a probability in parts per billion: below (2^64 - 1) * ppb / 10^9, taken by parts, as
 * 2^64 - 1 = 18446744073 * 10^9 + 709551615. A division of 128 bits would cost more than the draw.
 */
static inline bool draw_ppb(struct random *random, uint64_t ppb) {
    return ppb > 0 && random_u64(random) < ppb * 18446744073u + ppb * 709551615u / 1000000000u;
}

#endif
