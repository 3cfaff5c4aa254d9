#include "bench/weights.h"

#include "base/bytes.h"
#include "base/random.h"

#include <string.h>

/* The sum of twelve uniform numbers has deviation 1 and is near enough to normal. */
static uint32_t normal_bits(struct random *random) {
    int64_t sum = 0;
    for (int i = 0; i < 6; i++) {
        uint32_t two = random_u32(random);
        sum += (int64_t)(two & 0xffff) + (int64_t)(two >> 16);
    }
    float value = (float)(sum - 6 * 65535) / 65536.0F * 0.02F;
    /* Sixteen-bit uniforms leave the fraction's end empty, which real weights do not. */
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits ^ (random_u32(random) & 0x1ff);
}

void weights_fp32(uint64_t seed, uint8_t *out, size_t bytes) {
    struct random random = random_of(seed, 32);
    for (size_t at = 0; at + 4 <= bytes; at += 4) {
        store_le32(out + at, normal_bits(&random));
    }
}

void weights_bf16(uint64_t seed, uint8_t *out, size_t bytes) {
    struct random random = random_of(seed, 16);
    for (size_t at = 0; at + 2 <= bytes; at += 2) {
        store_le16(out + at, (uint16_t)(normal_bits(&random) >> 16));
    }
}
