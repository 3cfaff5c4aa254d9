#include "base/random.h"

#include "base/bytes.h"
#include "base/wide.h"

#include <assert.h>

void random_block(uint64_t seed, uint64_t stream, uint64_t counter, uint32_t out[4]) {
    uint32_t x[4] = {(uint32_t)counter, (uint32_t)(counter >> 32), (uint32_t)stream,
                     (uint32_t)(stream >> 32)};
    uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * x[0];
        uint64_t p1 = (uint64_t)0xCD9E8D57u * x[2];
        uint32_t y0 = (uint32_t)(p1 >> 32) ^ x[1] ^ key[0];
        uint32_t y2 = (uint32_t)(p0 >> 32) ^ x[3] ^ key[1];
        x[0] = y0;
        x[1] = (uint32_t)p1;
        x[2] = y2;
        x[3] = (uint32_t)p0;
        key[0] += 0x9E3779B9u;
        key[1] += 0xBB67AE85u;
    }
    for (int i = 0; i < 4; i++) {
        out[i] = x[i];
    }
}

struct random random_of(uint64_t seed, uint64_t stream) {
    return (struct random){.seed = seed, .stream = stream};
}

uint32_t random_u32(struct random *random) {
    if (random->left == 0) {
        random_block(random->seed, random->stream, random->counter++, random->block);
        random->left = 4;
    }
    return random->block[4 - random->left--];
}

uint64_t random_u64(struct random *random) {
    uint64_t low = random_u32(random);
    return low | (uint64_t)random_u32(random) << 32;
}

uint64_t random_below(struct random *random, uint64_t bound) {
    assert(bound > 0);
    return (uint64_t)(((uint128)random_u64(random) * bound) >> 64);
}

bool random_chance(struct random *random, uint64_t numerator) {
    return random_u32(random) < numerator;
}

void random_bytes(struct random *random, void *out, size_t bytes) {
    uint8_t *at = out;
    for (; bytes >= 4; bytes -= 4, at += 4) {
        store_le32(at, random_u32(random));
    }
    if (bytes > 0) {
        uint8_t rest[4];
        store_le32(rest, random_u32(random));
        for (size_t i = 0; i < bytes; i++) {
            at[i] = rest[i];
        }
    }
}
