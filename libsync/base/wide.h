/* 128-bit integers, for products and quotients that 64 bits cannot hold. gcc and clang have them on
 * every 64-bit target; the extension mark keeps -Wpedantic quiet. */
#ifndef BASE_WIDE_H
#define BASE_WIDE_H

#include <stdint.h>

__extension__ typedef unsigned __int128 uint128;

/* a * b / c without overflow in between; the result must fit. c > 0. Pure. */
static inline uint64_t multiply_divide(uint64_t a, uint64_t b, uint64_t c) {
    return (uint64_t)((uint128)a * b / c);
}

#endif
