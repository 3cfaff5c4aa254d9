#include "base/random.h"

#include "base/bytes.h"
#include "base/wide.h"

#include <assert.h>
#include <string.h>

void random_block(uint64_t seed, uint64_t stream, uint64_t counter, uint32_t out[4]) {
    struct random random = {.seed = seed, .stream = stream, .counter = counter};
    random_refill(&random);
    memcpy(out, random.words, 4 * sizeof *out);
}

/* The blocks of several counters side by side, so that one's multiplications fill the gaps between
 * another's: word i of block k is at[i][k]. */
void random_refill(struct random *random) {
    uint32_t at[4][RANDOM_BLOCKS];
    uint32_t key[2] = {(uint32_t)random->seed, (uint32_t)(random->seed >> 32)};
    for (int k = 0; k < RANDOM_BLOCKS; k++, random->counter++) {
        at[0][k] = (uint32_t)random->counter;
        at[1][k] = (uint32_t)(random->counter >> 32);
        at[2][k] = (uint32_t)random->stream;
        at[3][k] = (uint32_t)(random->stream >> 32);
    }
    for (int round = 0; round < 10; round++) {
        for (int k = 0; k < RANDOM_BLOCKS; k++) {
            uint64_t p0 = (uint64_t)0xD2511F53u * at[0][k];
            uint64_t p1 = (uint64_t)0xCD9E8D57u * at[2][k];
            at[0][k] = (uint32_t)(p1 >> 32) ^ at[1][k] ^ key[0];
            at[1][k] = (uint32_t)p1;
            at[2][k] = (uint32_t)(p0 >> 32) ^ at[3][k] ^ key[1];
            at[3][k] = (uint32_t)p0;
        }
        key[0] += 0x9E3779B9u;
        key[1] += 0xBB67AE85u;
    }
    for (int i = 0; i < RANDOM_WORDS; i++) {
        random->words[i] = at[i % 4][i / 4];
    }
    random->left = RANDOM_WORDS;
}

struct random random_of(uint64_t seed, uint64_t stream) {
    return (struct random){.seed = seed, .stream = stream};
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
