#include "sim-link/trace_hash.h"

#include "base/bytes.h"

#include <inttypes.h>
#include <stdio.h>

/* Odd constants: the golden ratio and the fraction of sqrt(2), as 64-bit integers. */
static const uint64_t GOLDEN = 0x9e3779b97f4a7c15u;
static const uint64_t ROOT = 0x6a09e667f3bcc909u;

static uint64_t mix(uint64_t value) {
    value ^= value >> 32;
    value *= GOLDEN;
    value ^= value >> 29;
    value *= ROOT;
    return value ^ value >> 32;
}

struct trace_hash trace_hash_start(void) {
    return (struct trace_hash){GOLDEN, ROOT};
}

void trace_hash_add(struct trace_hash *hash, uint64_t value) {
    hash->a = mix(hash->a ^ value);
    hash->b = mix(hash->b + value + GOLDEN);
}

void trace_hash_text(const struct trace_hash *hash, char out[TRACE_HASH_TEXT_BYTES]) {
    snprintf(out, TRACE_HASH_TEXT_BYTES, "%016" PRIx64 "%016" PRIx64, hash->a, hash->b);
}

uint64_t content_hash(const void *data, size_t bytes) {
    const uint8_t *at = data;
    uint64_t lanes[4] = {bytes, GOLDEN, ROOT, GOLDEN ^ ROOT};
    size_t left = bytes;
    for (; left >= 32; left -= 32, at += 32) {
        for (int i = 0; i < 4; i++) {
            lanes[i] = (lanes[i] ^ load_le64(at + 8 * i)) * GOLDEN;
            lanes[i] ^= lanes[i] >> 31;
        }
    }
    for (; left > 0; left--, at++) {
        lanes[left & 3] = (lanes[left & 3] ^ *at) * ROOT;
    }
    return mix(mix(mix(lanes[0] ^ lanes[1]) + lanes[2]) ^ lanes[3]);
}
