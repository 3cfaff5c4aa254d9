#include "codec/fast_x86.h"

#if defined(__x86_64__)
#include <immintrin.h>

/* gcc's own header trips over its undefined vectors at -Wall. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

enum { STEP = 64, REST_LANES = 48 };

#define AVX512                                                                                     \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi2,popcnt")))
#define AVX512_INLINE AVX512 static inline __attribute__((always_inline))

/* Codes of 64 exponents. Escapes are stored whole, 64 bytes at once: they need room for that, or
 * the plain steps finish. */
AVX512_INLINE bool put_codes(struct fast_work *work, __m512i exponents) {
    const __m512i escape = _mm512_set1_epi8(FAST_ESCAPE);
    const __m512i pair = _mm512_set1_epi16(0x1001);
    __m512i distance = _mm512_sub_epi8(exponents, _mm512_set1_epi8((char)work->lowest));
    __m512i codes = _mm512_min_epu8(distance, escape);
    __mmask64 escaped = _mm512_cmpeq_epi8_mask(codes, escape);
    if (escaped) {
        size_t count = (size_t)__builtin_popcountll(escaped);
        if (work->escape_room < STEP) {
            return false;
        }
        _mm512_storeu_si512(work->escapes, _mm512_maskz_compress_epi8(escaped, exponents));
        work->escapes += count;
        work->escape_room -= count;
    }
    __m256i packed = _mm512_cvtepi16_epi8(_mm512_maddubs_epi16(codes, pair));
    _mm256_storeu_si256((__m256i *)work->codes, packed);
    work->codes += STEP / 2;
    work->elements -= STEP;
    return true;
}

/* False when there are fewer escapes than the codes call for. */
AVX512_INLINE bool get_exponents(struct fast_work *work, __m512i *exponents) {
    const __m512i escape = _mm512_set1_epi8(FAST_ESCAPE);
    __m512i pairs = _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *)work->codes));
    __m512i codes =
        _mm512_and_si512(_mm512_or_si512(pairs, _mm512_slli_epi16(pairs, 4)), _mm512_set1_epi8(15));
    *exponents = _mm512_add_epi8(codes, _mm512_set1_epi8((char)work->lowest));
    __mmask64 escaped = _mm512_cmpeq_epi8_mask(codes, escape);
    if (escaped) {
        size_t count = (size_t)__builtin_popcountll(escaped);
        if (work->escape_room < count) {
            return false;
        }
        __m512i listed = _mm512_maskz_loadu_epi8(_bzhi_u64(~0ull, (unsigned)count), work->escapes);
        *exponents = _mm512_mask_expand_epi8(*exponents, escaped, listed);
        work->escapes += count;
        work->escape_room -= count;
    }
    work->codes += STEP / 2;
    work->elements -= STEP;
    return true;
}

/* index[i] = first + step * i. */
AVX512_INLINE __m512i every(int first, int step) {
    uint8_t index[64];
    for (int i = 0; i < 64; i++) {
        index[i] = (uint8_t)(first + step * i);
    }
    return _mm512_loadu_si512(index);
}

AVX512 static bool encode2(struct fast_work *work) {
    const __m512i high = every(1, 2);
    const __m512i low = every(0, 2);
    while (work->elements >= STEP) {
        __m512i a = _mm512_loadu_si512(work->raw);
        __m512i b = _mm512_loadu_si512(work->raw + 64);
        a = _mm512_shldi_epi16(a, a, 1);
        b = _mm512_shldi_epi16(b, b, 1);
        if (!put_codes(work, _mm512_permutex2var_epi8(a, high, b))) {
            return true;
        }
        _mm512_storeu_si512(work->rest, _mm512_permutex2var_epi8(a, low, b));
        work->raw += 2 * STEP;
        work->rest += STEP;
    }
    return true;
}

AVX512 static bool decode2(struct fast_work *work) {
    uint8_t weave[2][64];
    for (int i = 0; i < 64; i++) {
        weave[0][i] = (uint8_t)(i / 2 + (i % 2) * 64);
        weave[1][i] = (uint8_t)(weave[0][i] + 32);
    }
    const __m512i first = _mm512_loadu_si512(weave[0]);
    const __m512i second = _mm512_loadu_si512(weave[1]);
    while (work->elements >= STEP) {
        __m512i exponents;
        if (!get_exponents(work, &exponents)) {
            return false;
        }
        __m512i rest = _mm512_loadu_si512(work->rest);
        __m512i a = _mm512_permutex2var_epi8(rest, first, exponents);
        __m512i b = _mm512_permutex2var_epi8(rest, second, exponents);
        _mm512_storeu_si512(work->raw, _mm512_shrdi_epi16(a, a, 1));
        _mm512_storeu_si512(work->raw + 64, _mm512_shrdi_epi16(b, b, 1));
        work->raw += 2 * STEP;
        work->rest += STEP;
    }
    return true;
}

/* Byte i of 192: byte i % 3 of element i / 3, of which 16 lie in a vector; `from` is the first of
 * the two vectors that the 64 bytes are picked from. */
AVX512_INLINE __m512i three_of_four(int part, int from) {
    uint8_t index[64];
    for (int i = 0; i < 64; i++) {
        int byte = 64 * part + i;
        index[i] = (uint8_t)(byte / 3 * 4 + byte % 3 - 64 * from);
    }
    return _mm512_loadu_si512(index);
}

AVX512 static bool encode4(struct fast_work *work) {
    const __m512i high = every(3, 4); /* of two vectors: 32 exponents, twice */
    const __m512i parts[3] = {three_of_four(0, 0), three_of_four(1, 1), three_of_four(2, 2)};
    while (work->elements >= STEP) {
        __m512i x[4];
        for (int i = 0; i < 4; i++) {
            x[i] = _mm512_rol_epi32(_mm512_loadu_si512(work->raw + 64 * i), 1);
        }
        __m512i exponents = _mm512_shuffle_i64x2(_mm512_permutex2var_epi8(x[0], high, x[1]),
                                                 _mm512_permutex2var_epi8(x[2], high, x[3]), 0x44);
        if (!put_codes(work, exponents)) {
            return true;
        }
        for (int i = 0; i < 3; i++) {
            _mm512_storeu_si512(work->rest + 64 * i,
                                _mm512_permutex2var_epi8(x[i], parts[i], x[i + 1]));
        }
        work->raw += 4 * STEP;
        work->rest += 3 * STEP;
    }
    return true;
}

AVX512 static bool decode4(struct fast_work *work) {
    uint8_t spread[64]; /* three bytes become four; the fourth is masked */
    for (int i = 0; i < 64; i++) {
        spread[i] = (uint8_t)(i / 4 * 3 + i % 4);
    }
    const __m512i index = _mm512_loadu_si512(spread);
    const __mmask64 lanes = _bzhi_u64(~0ull, REST_LANES);
    while (work->elements >= STEP) {
        __m512i exponents;
        if (!get_exponents(work, &exponents)) {
            return false;
        }
        uint8_t exponent[STEP];
        _mm512_storeu_si512(exponent, exponents);
        for (int i = 0; i < 4; i++) {
            __m512i rest = _mm512_maskz_loadu_epi8(lanes, work->rest + REST_LANES * i);
            rest = _mm512_maskz_permutexvar_epi8(0x7777777777777777ull, index, rest);
            __m512i high = _mm512_cvtepu8_epi32(
                _mm_loadu_si128((const __m128i *)(exponent + (size_t)16 * (size_t)i)));
            __m512i value = _mm512_or_si512(rest, _mm512_slli_epi32(high, 24));
            _mm512_storeu_si512(work->raw + 64 * i, _mm512_ror_epi32(value, 1));
        }
        work->raw += 4 * STEP;
        work->rest += 3 * STEP;
    }
    return true;
}

const struct fast_steps fast_steps_avx512 = {"avx512", encode2, encode4, decode2, decode4};
#endif
