#include "codec/fast_x86.h"

#if defined(__x86_64__)
#include <immintrin.h>

/* A step stores or loads 16 bytes where 12 are meant: two elements more must follow it. */
enum { STEP = 32, STEP_AND_MORE = STEP + 2 };

#define AVX2 __attribute__((target("avx2,bmi,popcnt")))
#define AVX2_INLINE AVX2 static inline __attribute__((always_inline))

AVX2_INLINE __m256i load(const uint8_t *at) {
    return _mm256_loadu_si256((const __m256i *)at);
}

AVX2_INLINE void store(uint8_t *at, __m256i value) {
    _mm256_storeu_si256((__m256i *)at, value);
}

/* Codes of 32 exponents. Escapes are rare, and taken one by one. */
AVX2_INLINE bool put_codes(struct fast_work *work, __m256i exponents) {
    const __m256i escape = _mm256_set1_epi8(FAST_ESCAPE);
    const __m256i pair = _mm256_set1_epi16(0x1001);
    __m256i distance = _mm256_sub_epi8(exponents, _mm256_set1_epi8((char)work->lowest));
    __m256i codes = _mm256_min_epu8(distance, escape);
    uint32_t escaped = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(codes, escape));
    if (escaped) {
        uint8_t exponent[STEP];
        if (work->escape_room < (size_t)__builtin_popcount(escaped)) {
            return false;
        }
        store(exponent, exponents);
        for (; escaped; escaped &= escaped - 1) {
            *work->escapes++ = exponent[__builtin_ctz(escaped)];
            work->escape_room--;
        }
    }
    __m256i words = _mm256_maddubs_epi16(codes, pair);
    __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi16(words, words), 0x08);
    _mm_storeu_si128((__m128i *)work->codes, _mm256_castsi256_si128(packed));
    work->codes += STEP / 2;
    work->elements -= STEP;
    return true;
}

AVX2_INLINE bool get_exponents(struct fast_work *work, __m256i *exponents) {
    const __m256i escape = _mm256_set1_epi8(FAST_ESCAPE);
    __m256i pairs = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)work->codes));
    __m256i codes =
        _mm256_and_si256(_mm256_or_si256(pairs, _mm256_slli_epi16(pairs, 4)), _mm256_set1_epi8(15));
    *exponents = _mm256_add_epi8(codes, _mm256_set1_epi8((char)work->lowest));
    uint32_t escaped = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(codes, escape));
    if (escaped) {
        uint8_t exponent[STEP];
        if (work->escape_room < (size_t)__builtin_popcount(escaped)) {
            return false;
        }
        store(exponent, *exponents);
        for (; escaped; escaped &= escaped - 1) {
            exponent[__builtin_ctz(escaped)] = *work->escapes++;
            work->escape_room--;
        }
        *exponents = load(exponent);
    }
    work->codes += STEP / 2;
    work->elements -= STEP;
    return true;
}

AVX2 static bool encode2(struct fast_work *work) {
    const __m256i low = _mm256_set1_epi16(0xff);
    while (work->elements >= STEP) {
        __m256i a = load(work->raw);
        __m256i b = load(work->raw + 32);
        a = _mm256_or_si256(_mm256_slli_epi16(a, 1), _mm256_srli_epi16(a, 15));
        b = _mm256_or_si256(_mm256_slli_epi16(b, 1), _mm256_srli_epi16(b, 15));
        /* Packing works within halves of the vector: 0xd8 puts its quarters in order. */
        __m256i exponents = _mm256_packus_epi16(_mm256_srli_epi16(a, 8), _mm256_srli_epi16(b, 8));
        if (!put_codes(work, _mm256_permute4x64_epi64(exponents, 0xd8))) {
            return false;
        }
        __m256i rest = _mm256_packus_epi16(_mm256_and_si256(a, low), _mm256_and_si256(b, low));
        store(work->rest, _mm256_permute4x64_epi64(rest, 0xd8));
        work->raw += 2 * STEP;
        work->rest += STEP;
    }
    return true;
}

AVX2 static bool decode2(struct fast_work *work) {
    while (work->elements >= STEP) {
        __m256i exponents;
        if (!get_exponents(work, &exponents)) {
            return false;
        }
        exponents = _mm256_permute4x64_epi64(exponents, 0xd8);
        __m256i rest = _mm256_permute4x64_epi64(load(work->rest), 0xd8);
        __m256i a = _mm256_unpacklo_epi8(rest, exponents);
        __m256i b = _mm256_unpackhi_epi8(rest, exponents);
        a = _mm256_or_si256(_mm256_srli_epi16(a, 1), _mm256_slli_epi16(a, 15));
        b = _mm256_or_si256(_mm256_srli_epi16(b, 1), _mm256_slli_epi16(b, 15));
        store(work->raw, a);
        store(work->raw + 32, b);
        work->raw += 2 * STEP;
        work->rest += STEP;
    }
    return true;
}

AVX2 static bool encode4(struct fast_work *work) {
    const __m256i three = _mm256_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1,
                                           0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    while (work->elements >= STEP_AND_MORE) {
        __m256i x[4];
        __m256i high[4];
        for (int i = 0; i < 4; i++) {
            x[i] = load(work->raw + 32 * i);
            x[i] = _mm256_or_si256(_mm256_slli_epi32(x[i], 1), _mm256_srli_epi32(x[i], 31));
            high[i] = _mm256_srli_epi32(x[i], 24);
        }
        __m256i exponents = _mm256_packus_epi16(_mm256_packus_epi32(high[0], high[1]),
                                                _mm256_packus_epi32(high[2], high[3]));
        if (!put_codes(work, _mm256_permutevar8x32_epi32(exponents, order))) {
            return false;
        }
        for (int i = 0; i < 4; i++) {
            __m256i rest = _mm256_shuffle_epi8(x[i], three);
            _mm_storeu_si128((__m128i *)(work->rest + 24 * i), _mm256_castsi256_si128(rest));
            _mm_storeu_si128((__m128i *)(work->rest + 24 * i + 12),
                             _mm256_extracti128_si256(rest, 1));
        }
        work->raw += 4 * STEP;
        work->rest += 3 * STEP;
    }
    return true;
}

AVX2 static bool decode4(struct fast_work *work) {
    const __m128i four = _mm_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1);
    while (work->elements >= STEP_AND_MORE) {
        __m256i exponents;
        if (!get_exponents(work, &exponents)) {
            return false;
        }
        uint8_t exponent[STEP];
        store(exponent, exponents);
        for (int i = 0; i < 8; i++) {
            __m128i rest = _mm_loadu_si128((const __m128i *)(work->rest + 12 * i));
            int four_exponents;
            __builtin_memcpy(&four_exponents, exponent + 4 * i, 4);
            __m128i high = _mm_cvtepu8_epi32(_mm_cvtsi32_si128(four_exponents));
            __m128i value = _mm_or_si128(_mm_shuffle_epi8(rest, four), _mm_slli_epi32(high, 24));
            value = _mm_or_si128(_mm_srli_epi32(value, 1), _mm_slli_epi32(value, 31));
            _mm_storeu_si128((__m128i *)(work->raw + 16 * i), value);
        }
        work->raw += 4 * STEP;
        work->rest += 3 * STEP;
    }
    return true;
}

const struct fast_steps fast_steps_avx2 = {"avx2", encode2, encode4, decode2, decode4};
#endif
