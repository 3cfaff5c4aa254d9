/*
 * Hashes of the agreed state, step by step and site by site: who has other bits than the others.
 * Pure.
 */
#ifndef ROUNDS_DIVERGENCE_H
#define ROUNDS_DIVERGENCE_H

#include "rounds/rounds.h"

enum { DIVERGENCE_STEPS = 8 };

struct divergence {
    struct {
        uint64_t step;
        uint32_t known; /* sites whose hash is here */
        uint32_t told;  /* of them, those that were named */
        uint8_t hash[ROUNDS_SITES_MAX][ROUNDS_HASH_BYTES];
    } at[DIVERGENCE_STEPS];
};

/* A site's hash after a step; older steps than the newest few are passed over. */
void divergence_note(struct divergence *divergence, uint64_t step, size_t site,
                     const uint8_t hash[ROUNDS_HASH_BYTES]);

/* Sites of `step` whose bits differ from those that most have (of equally many, those of the lowest
 * site), each named once. None before all sites of `awaited` are known, unless more than half of
 * all `sites` agree. *right is a site that has them. */
uint32_t divergence_judge(struct divergence *divergence, uint64_t step, uint32_t awaited,
                          size_t sites, size_t *right);

/* Site `site` has adopted a state: what it had at `step` does not count any more. */
void divergence_forget(struct divergence *divergence, size_t site);

#endif
