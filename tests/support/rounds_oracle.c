#include "support/rounds_oracle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct oracle_site {
    float *local;
    float *snapshot;
    float *carried;
    float *decoded; /* of its contribution */
    uint64_t inner;
};

static float bf16(float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    uint32_t rest = bits & 0xffff;
    bits &= 0xffff0000;
    if (rest > 0x8000 || (rest == 0x8000 && (bits & 0x10000))) {
        bits += 0x10000;
    }
    memcpy(&value, &bits, 4);
    return value;
}

/* What a receiver sees of a fragment x. */
static void decode(enum quantise_codec codec, const float *x, uint64_t values, float *out) {
    for (uint64_t i = 0; i < values; i++) {
        uint64_t block = i - i % 256;
        float absmax = 0;
        for (uint64_t k = block; k < block + 256 && k < values; k++) {
            absmax = fmaxf(absmax, fabsf(x[k]));
        }
        float scale = absmax < 0x1p-100f ? 0 : absmax / 127;
        float inverse = absmax < 0x1p-100f ? 0 : 127 / absmax;
        out[i] = codec == QUANTISE_FP32   ? x[i]
                 : codec == QUANTISE_BF16 ? bf16(x[i])
                                          : nearbyintf(x[i] * inverse) * scale;
    }
}

struct oracle {
    const struct rounds_world_plan *plan;
    uint64_t elements;
    float *agreed;
    float *momentum;
    struct oracle_site site[ROUNDS_SITES_MAX];
};

static void give(struct oracle *oracle, struct oracle_site *site, uint64_t start,
                 uint64_t elements) {
    float *x = malloc((size_t)elements * sizeof *x);
    for (uint64_t i = 0; i < elements; i++) {
        x[i] = (oracle->agreed[start + i] - site->local[start + i]) + site->carried[start + i];
    }
    decode(oracle->plan->codec, x, elements, site->decoded + start);
    for (uint64_t i = 0; i < elements; i++) {
        site->carried[start + i] = x[i] - site->decoded[start + i];
        site->snapshot[start + i] = site->local[start + i];
    }
    free(x);
}

/* One site from the last outer step's merge to the moment this one is due. `begin` is the inner
 * step that the fragments' turns are counted from. */
static void train_site(struct oracle *oracle, size_t number, uint64_t *begin) {
    const struct rounds_world_plan *plan = oracle->plan;
    struct oracle_site *site = &oracle->site[number];
    uint64_t given = 0, given_inner = 0;
    while (given < plan->fragments || site->inner < given_inner + plan->overlap_steps) {
        uint64_t start = 0;
        for (size_t f = 0; f < plan->fragments; f++) {
            uint64_t turn =
                *begin + (plan->inner_steps * (f + 1) + plan->fragments - 1) / plan->fragments;
            if (f >= given && site->inner >= turn) {
                give(oracle, site, start, plan->fragment_elements[f]);
                given++;
                given_inner = site->inner;
            }
            start += plan->fragment_elements[f];
        }
        if (given < plan->fragments || site->inner < given_inner + plan->overlap_steps) {
            site->inner++;
            rounds_world_train(plan, number, site->inner, oracle->elements, site->local);
        }
    }
    *begin = given_inner;
}

static void outer_step(struct oracle *oracle) {
    const struct rounds_world_plan *plan = oracle->plan;
    for (uint64_t i = 0; i < oracle->elements; i++) {
        float sum = oracle->site[0].decoded[i];
        for (size_t k = 1; k < plan->sites; k++) {
            sum = sum + oracle->site[k].decoded[i];
        }
        float mean = sum / (float)plan->sites;
        float moved = plan->momentum * oracle->momentum[i];
        oracle->momentum[i] = moved + mean;
        float ahead = plan->momentum * oracle->momentum[i];
        float step = plan->rate * (mean + ahead);
        oracle->agreed[i] = oracle->agreed[i] - step;
        for (size_t k = 0; k < plan->sites; k++) {
            struct oracle_site *site = &oracle->site[k];
            float progress = site->local[i] - site->snapshot[i];
            site->local[i] = oracle->agreed[i] + progress;
        }
    }
}

void rounds_oracle(const struct rounds_world_plan *plan, const float *initial, uint64_t steps,
                   float *agreed, float *const *local) {
    struct oracle oracle = {.plan = plan, .agreed = agreed};
    for (size_t f = 0; f < plan->fragments; f++) {
        oracle.elements += plan->fragment_elements[f];
    }
    size_t bytes = (size_t)oracle.elements * sizeof(float);
    memcpy(agreed, initial, bytes);
    oracle.momentum = calloc(1, bytes);
    for (size_t k = 0; k < plan->sites; k++) {
        memcpy(local[k], initial, bytes);
        oracle.site[k] = (struct oracle_site){.local = local[k],
                                              .snapshot = calloc(1, bytes),
                                              .carried = calloc(1, bytes),
                                              .decoded = calloc(1, bytes)};
    }
    uint64_t begin[ROUNDS_SITES_MAX] = {0};
    for (uint64_t step = 1; step <= steps; step++) {
        for (size_t k = 0; k < plan->sites; k++) {
            train_site(&oracle, k, &begin[k]);
        }
        outer_step(&oracle);
    }
    for (size_t k = 0; k < plan->sites; k++) {
        free(oracle.site[k].snapshot);
        free(oracle.site[k].carried);
        free(oracle.site[k].decoded);
    }
    free(oracle.momentum);
}
