/*
 * Seeded, counter-based random numbers: Philox 4x32-10 (Salmon et al., "Parallel random numbers: as
 * easy as 1, 2, 3", SC 2011). A stream is (seed, stream number); draws of one stream never move
 * another's. Not for secrets. Pure apart from the counter; the same on every CPU.
 */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RANDOM_BLOCKS = 4, RANDOM_WORDS = 4 * RANDOM_BLOCKS };

struct random {
    uint64_t seed;
    uint64_t stream;
    uint64_t counter;
    uint32_t words[RANDOM_WORDS]; /* of the blocks before `counter` */
    uint8_t left;                 /* of them, unused */
};

struct random random_of(uint64_t seed, uint64_t stream);

/* Draws the next words. */
void random_refill(struct random *random);

/* Inline, and several blocks at a time: draws are much of what an emulated link does. */
static inline uint32_t random_u32(struct random *random) {
    if (random->left == 0) {
        random_refill(random);
    }
    return random->words[RANDOM_WORDS - random->left--];
}

static inline uint64_t random_u64(struct random *random) {
    uint64_t low = random_u32(random);
    return low | (uint64_t)random_u32(random) << 32;
}

/* Uniform in [0, bound), bound > 0, without modulo bias beyond 2^-32. */
uint64_t random_below(struct random *random, uint64_t bound);

/* True with probability numerator / 2^32; numerator is clamped to [0, 2^32]. */
bool random_chance(struct random *random, uint64_t numerator);

void random_bytes(struct random *random, void *out, size_t bytes);

/* The n-th block of a stream, without state: for random access by packet number. */
void random_block(uint64_t seed, uint64_t stream, uint64_t counter, uint32_t out[4]);

#endif
