#include "rounds/divergence.h"

#include <string.h>

void divergence_note(struct divergence *divergence, uint64_t step, size_t site,
                     const uint8_t hash[ROUNDS_HASH_BYTES]) {
    size_t i = (size_t)(step % DIVERGENCE_STEPS);
    if (divergence->at[i].step > step) {
        return;
    }
    if (divergence->at[i].step != step) {
        memset(&divergence->at[i], 0, sizeof divergence->at[i]);
        divergence->at[i].step = step;
    }
    divergence->at[i].known |= UINT32_C(1) << site;
    memcpy(divergence->at[i].hash[site], hash, ROUNDS_HASH_BYTES);
}

static uint32_t group_of(const struct divergence *divergence, size_t i, size_t site) {
    uint32_t group = 0;
    for (size_t k = 0; k < ROUNDS_SITES_MAX; k++) {
        bool same =
            memcmp(divergence->at[i].hash[k], divergence->at[i].hash[site], ROUNDS_HASH_BYTES) == 0;
        if (same && (divergence->at[i].known >> k & 1)) {
            group |= UINT32_C(1) << k;
        }
    }
    return group;
}

uint32_t divergence_judge(struct divergence *divergence, uint64_t step, uint32_t awaited,
                          size_t sites, size_t *right) {
    size_t i = (size_t)(step % DIVERGENCE_STEPS);
    uint32_t best = 0;
    if (divergence->at[i].step != step) {
        return 0;
    }
    for (size_t site = 0; site < sites; site++) {
        uint32_t group = divergence->at[i].known >> site & 1 ? group_of(divergence, i, site) : 0;
        best = __builtin_popcount(group) > __builtin_popcount(best) ? group : best;
    }
    bool most = (size_t)__builtin_popcount(best) * 2 > sites;
    if (best == 0 || (!most && (awaited & ~divergence->at[i].known) != 0)) {
        return 0;
    }
    *right = (size_t)__builtin_ctz(best);
    uint32_t differing = divergence->at[i].known & ~best & ~divergence->at[i].told;
    divergence->at[i].told |= differing;
    return differing;
}

void divergence_forget(struct divergence *divergence, size_t site) {
    for (size_t i = 0; i < DIVERGENCE_STEPS; i++) {
        divergence->at[i].known &= ~(UINT32_C(1) << site);
        divergence->at[i].told &= ~(UINT32_C(1) << site);
    }
}
