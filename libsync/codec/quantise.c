#include "codec/quantise.h"

#include "base/bytes.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#ifdef __SSE2__
#include <immintrin.h>
#endif

enum { SCALE_BYTES = 4 };

/* Below it 127 / absmax could overflow, and nothing of interest is lost. */
static const float tiny = 0x1p-100f;

bool quantise_is_known(uint8_t codec) {
    return codec >= QUANTISE_FP32 && codec <= QUANTISE_INT8;
}

const char *quantise_name(uint8_t codec) {
    static const char *const names[] = {"fp32", "bf16", "int8"};
    return quantise_is_known(codec) ? names[codec - QUANTISE_FP32] : "unknown";
}

uint64_t quantise_bytes(enum quantise_codec codec, uint64_t values) {
    switch (codec) {
    case QUANTISE_FP32:
        return values * 4;
    case QUANTISE_BF16:
        return values * 2;
    case QUANTISE_INT8:
        return values + (values + QUANTISE_BLOCK - 1) / QUANTISE_BLOCK * SCALE_BYTES;
    }
    assert(!"no such codec");
    return 0;
}

static uint32_t bits_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void put_float(uint8_t *at, float value) {
    store_le32(at, bits_of(value));
}

static float get_float(const uint8_t *at) {
    return float_of(load_le32(at));
}

/* -- fp32: a copy, in little-endian order -- */

static void fp32_encode(const float *restrict value, size_t values, uint8_t *restrict coded) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(coded, value, values * 4);
#else
    for (size_t i = 0; i < values; i++) {
        put_float(coded + 4 * i, value[i]);
    }
#endif
}

static void fp32_decode(const uint8_t *restrict coded, size_t values, float *restrict value) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(value, coded, values * 4);
#else
    for (size_t i = 0; i < values; i++) {
        value[i] = get_float(coded + 4 * i);
    }
#endif
}

/* -- bf16 -- */

/* The even neighbour wins a tie: 0x7fff and the last kept bit are added, and the carry rounds. */
static uint32_t bf16_of(float value) {
    uint32_t bits = bits_of(value);
    return (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
}

static void bf16_encode(const float *restrict value, size_t values, uint8_t *restrict coded) {
    for (size_t i = 0; i < values; i++) {
        uint32_t half = bf16_of(value[i]);
        coded[2 * i] = (uint8_t)half;
        coded[2 * i + 1] = (uint8_t)(half >> 8);
    }
}

static void bf16_decode(const uint8_t *restrict coded, size_t values, float *restrict value) {
    for (size_t i = 0; i < values; i++) {
        uint32_t half = (uint32_t)coded[2 * i] | (uint32_t)coded[2 * i + 1] << 8;
        value[i] = float_of(half << 16);
    }
}

/* -- int8: one block. Vectors do the first multiple of LANES values, plain C the rest; both round
 *    every operation alike, so where the border lies does not show. -- */

#ifdef __SSE2__
enum { LANES = 16 };

static size_t absmax_vector(const float *value, size_t values, float *absmax) {
    const __m128 magnitude = _mm_castsi128_ps(_mm_set1_epi32(0x7fffffff));
    __m128 most[4] = {_mm_setzero_ps(), _mm_setzero_ps(), _mm_setzero_ps(), _mm_setzero_ps()};
    size_t i = 0;
    for (; i + LANES <= values; i += LANES) {
        for (size_t k = 0; k < 4; k++) {
            __m128 four = _mm_and_ps(_mm_loadu_ps(value + i + 4 * k), magnitude);
            most[k] = _mm_max_ps(most[k], four);
        }
    }
    float lanes[4];
    _mm_storeu_ps(lanes, _mm_max_ps(_mm_max_ps(most[0], most[1]), _mm_max_ps(most[2], most[3])));
    for (size_t k = 0; k < 4; k++) {
        *absmax = lanes[k] > *absmax ? lanes[k] : *absmax;
    }
    return i;
}

/* cvtps2dq rounds to nearest even: the mode that C programs run in. */
static size_t round_vector(const float *value, size_t values, float inverse, int8_t *out) {
    const __m128 factor = _mm_set1_ps(inverse);
    size_t i = 0;
    for (; i + LANES <= values; i += LANES) {
        __m128i four[4];
        for (size_t k = 0; k < 4; k++) {
            four[k] = _mm_cvtps_epi32(_mm_mul_ps(_mm_loadu_ps(value + i + 4 * k), factor));
        }
        __m128i sixteen =
            _mm_packs_epi16(_mm_packs_epi32(four[0], four[1]), _mm_packs_epi32(four[2], four[3]));
        _mm_storeu_si128((__m128i *)(void *)(out + i), sixteen);
    }
    return i;
}

static size_t scale_vector(const int8_t *in, size_t values, float scale, float *value) {
    const __m128 factor = _mm_set1_ps(scale);
    size_t i = 0;
    for (; i + LANES <= values; i += LANES) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(in + i));
        __m128i low = _mm_unpacklo_epi8(bytes, bytes);
        __m128i high = _mm_unpackhi_epi8(bytes, bytes);
        __m128i four[4] = {_mm_unpacklo_epi16(low, low), _mm_unpackhi_epi16(low, low),
                           _mm_unpacklo_epi16(high, high), _mm_unpackhi_epi16(high, high)};
        for (size_t k = 0; k < 4; k++) {
            __m128 whole = _mm_cvtepi32_ps(_mm_srai_epi32(four[k], 24));
            _mm_storeu_ps(value + i + 4 * k, _mm_mul_ps(whole, factor));
        }
    }
    return i;
}
#else
static size_t absmax_vector(const float *value, size_t values, float *absmax) {
    (void)value, (void)values, (void)absmax;
    return 0;
}

static size_t round_vector(const float *value, size_t values, float inverse, int8_t *out) {
    (void)value, (void)values, (void)inverse, (void)out;
    return 0;
}

static size_t scale_vector(const int8_t *in, size_t values, float scale, float *value) {
    (void)in, (void)values, (void)scale, (void)value;
    return 0;
}
#endif

static float absmax_of(const float *value, size_t values) {
    float absmax = 0;
    for (size_t i = absmax_vector(value, values, &absmax); i < values; i++) {
        absmax = fabsf(value[i]) > absmax ? fabsf(value[i]) : absmax;
    }
    return absmax;
}

static void int8_encode_block(const float *restrict value, size_t values, uint8_t *restrict coded) {
    /* Adding and taking away 1.5 * 2^23 leaves the nearest integer, ties to even. */
    const float shift = 0x1.8p23f;
    int8_t *out = (int8_t *)coded + SCALE_BYTES;
    float absmax = absmax_of(value, values);
    float scale = absmax < tiny ? 0 : absmax / 127;
    float inverse = absmax < tiny ? 0 : 127 / absmax;
    put_float(coded, scale);
    for (size_t i = round_vector(value, values, inverse, out); i < values; i++) {
        out[i] = (int8_t)((value[i] * inverse + shift) - shift);
    }
}

static void int8_decode_block(const uint8_t *restrict coded, size_t values, float *restrict value) {
    const int8_t *in = (const int8_t *)coded + SCALE_BYTES;
    float scale = get_float(coded);
    for (size_t i = scale_vector(in, values, scale, value); i < values; i++) {
        value[i] = (float)in[i] * scale;
    }
}

static size_t block_at(size_t done, size_t values) {
    return values - done < QUANTISE_BLOCK ? values - done : QUANTISE_BLOCK;
}

static void int8_encode(const float *restrict value, size_t values, uint8_t *restrict coded) {
    for (size_t done = 0; done < values; done += QUANTISE_BLOCK) {
        size_t block = block_at(done, values);
        int8_encode_block(value + done, block, coded);
        coded += SCALE_BYTES + block;
    }
}

static void int8_decode(const uint8_t *restrict coded, size_t values, float *restrict value) {
    for (size_t done = 0; done < values; done += QUANTISE_BLOCK) {
        size_t block = block_at(done, values);
        int8_decode_block(coded, block, value + done);
        coded += SCALE_BYTES + block;
    }
}

/* A byte of -128 is no more than a little beyond. */
static bool int8_is_sane(const uint8_t *coded, size_t values, float limit) {
    for (size_t done = 0; done < values; done += QUANTISE_BLOCK) {
        float scale = get_float(coded);
        if (!(scale >= 0 && scale * 127 <= limit)) {
            return false;
        }
        coded += SCALE_BYTES + block_at(done, values);
    }
    return true;
}

/* -- all -- */

void quantise_encode(enum quantise_codec codec, const float *restrict value, size_t values,
                     uint8_t *restrict coded) {
    switch (codec) {
    case QUANTISE_FP32:
        fp32_encode(value, values, coded);
        return;
    case QUANTISE_BF16:
        bf16_encode(value, values, coded);
        return;
    case QUANTISE_INT8:
        int8_encode(value, values, coded);
        return;
    }
    assert(!"no such codec");
}

void quantise_decode(enum quantise_codec codec, const uint8_t *restrict coded, size_t values,
                     float *restrict value) {
    switch (codec) {
    case QUANTISE_FP32:
        fp32_decode(coded, values, value);
        return;
    case QUANTISE_BF16:
        bf16_decode(coded, values, value);
        return;
    case QUANTISE_INT8:
        int8_decode(coded, values, value);
        return;
    }
    assert(!"no such codec");
}

bool quantise_is_sane(enum quantise_codec codec, const uint8_t *coded, size_t values, float limit) {
    if (codec == QUANTISE_INT8) {
        return int8_is_sane(coded, values, limit);
    }
    size_t width = codec == QUANTISE_FP32 ? 4 : 2;
    float value[QUANTISE_BLOCK];
    for (size_t done = 0; done < values; done += QUANTISE_BLOCK) {
        size_t block = block_at(done, values);
        quantise_decode(codec, coded + done * width, block, value);
        for (size_t i = 0; i < block; i++) {
            if (!(fabsf(value[i]) <= limit)) {
                return false;
            }
        }
    }
    return true;
}
