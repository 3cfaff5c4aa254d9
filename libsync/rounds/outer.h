/*
 * The arithmetic of an outer step, the same bits on every CPU: each operation rounds once, in the
 * order written here, without contraction. Pure.
 */
#ifndef ROUNDS_OUTER_H
#define ROUNDS_OUTER_H

#include "codec/quantise.h"

#include <stddef.h>
#include <stdint.h>

/* The index of the first element that moved further than `limit` or is not finite; `values` when
 * there is none. */
size_t outer_first_bad(const float *agreed, const float *local, size_t values, float limit);

/* What a site contributes: x[i] = (agreed[i] - local[i]) + x[i], x holding the carried error. */
void outer_difference(const float *agreed, const float *local, size_t values, float *x);

/* What coding lost of x, to be carried: x[i] -= what `coded` decodes to. */
void outer_take_off(enum quantise_codec codec, const uint8_t *coded, size_t values, float *x);

/* error[i] += what `coded` decodes to: it did not count in this step, so the next one carries it.
 */
void outer_carry(enum quantise_codec codec, const uint8_t *coded, size_t values, float *error);

struct outer_rule {
    enum quantise_codec codec;
    float rate;
    float momentum;
};

/* What it changes: the agreed parameters and their momentum. */
struct outer_state {
    float *agreed;
    float *momentum;
};

/* The contributions of a fragment that an outer step holds, in the order of the sites. */
struct outer_sum {
    const uint8_t *coded[16];
    size_t count;
};

/* out[values * 4], as fp32: the contributions summed in the order given. */
void outer_add(enum quantise_codec codec, const struct outer_sum *sum, size_t values, uint8_t *out);

/* Nesterov's step on the mean of the contributions, which are summed in the order given:
 *   g = sum / count;  momentum = rule.momentum * momentum + g;
 *   agreed = agreed - rule.rate * (g + rule.momentum * momentum). */
void outer_step(const struct outer_rule *rule, const struct outer_sum *sum, size_t values,
                struct outer_state at);

/* The same from what outer_add wrote of `count` contributions. */
void outer_step_summed(const struct outer_rule *rule, const uint8_t *sum, size_t count,
                       size_t values, struct outer_state at);

/* Brings a site's parameters to the agreed ones and keeps what they moved since `snapshot`:
 * local[i] = agreed[i] + (local[i] - snapshot[i]); exactly agreed[i] where they did not move. */
void outer_merge(const float *agreed, const float *snapshot, size_t values, float *local);

#endif
