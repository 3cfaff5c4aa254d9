/* The loop must vectorise, which gcc does fully from -O3 only. Integers only, so the level cannot
 * change a result. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__OPTIMIZE__)
#pragma GCC optimize("O3")
#endif

#include "codec/rounding.h"

#include "codec/cpu.h"
#include "codec/words.h"

enum { MAGNITUDE = 0x7fffffff, INFINITE = 0x7f800000, BELOW_HALF = 0x7fff, NOT_A_NUMBER = 0x7fc0 };

INLINE void round_all(const uint8_t *restrict fp32, size_t elements, uint8_t *restrict bf16) {
    for (size_t i = 0; i < elements; i++) {
        uint32_t bits = get32(fp32 + 4 * i);
        uint32_t rounded = (bits + BELOW_HALF + ((bits >> 16) & 1)) >> 16;
        put16(bf16 + 2 * i, (uint16_t)((bits & MAGNITUDE) > INFINITE ? NOT_A_NUMBER : rounded));
    }
}

FOR_AVX2 static void round_avx2(const uint8_t *fp32, size_t elements, uint8_t *bf16) {
    round_all(fp32, elements, bf16);
}

void round_to_bf16(const uint8_t *fp32, size_t elements, uint8_t *bf16) {
    if (HAS_AVX2()) {
        round_avx2(fp32, elements, bf16);
    } else {
        round_all(fp32, elements, bf16);
    }
}
