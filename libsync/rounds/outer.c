#include "rounds/outer.h"

#include <assert.h>
#include <math.h>

/* A multiple of the quantiser's block that stays in the nearest cache. */
enum { RUN = 4 * QUANTISE_BLOCK };

size_t outer_first_bad(const float *agreed, const float *local, size_t values, float limit) {
    size_t i = 0;
    while (i < values && fabsf(agreed[i] - local[i]) <= limit) {
        i++;
    }
    return i;
}

void outer_difference(const float *agreed, const float *local, size_t values, float *x) {
    for (size_t i = 0; i < values; i++) {
        x[i] = (agreed[i] - local[i]) + x[i];
    }
}

static size_t run_at(size_t done, size_t values) {
    return values - done < RUN ? values - done : RUN;
}

static void decode_run(enum quantise_codec codec, const uint8_t *coded, size_t from, size_t values,
                       float *out) {
    quantise_decode(codec, coded + quantise_bytes(codec, from), values, out);
}

void outer_take_off(enum quantise_codec codec, const uint8_t *coded, size_t values, float *x) {
    float decoded[RUN];
    for (size_t done = 0; done < values; done += RUN) {
        size_t run = run_at(done, values);
        decode_run(codec, coded, done, run, decoded);
        for (size_t i = 0; i < run; i++) {
            x[done + i] -= decoded[i];
        }
    }
}

void outer_carry(enum quantise_codec codec, const uint8_t *coded, size_t values, float *error) {
    float decoded[RUN];
    for (size_t done = 0; done < values; done += RUN) {
        size_t run = run_at(done, values);
        decode_run(codec, coded, done, run, decoded);
        for (size_t i = 0; i < run; i++) {
            error[done + i] += decoded[i];
        }
    }
}

struct outer_state {
    float *agreed;
    float *momentum;
};

static void step_run(const struct outer_rule *rule, const float *restrict sum, float count,
                     size_t values, struct outer_state at) {
    float *restrict agreed = at.agreed, *restrict momentum = at.momentum;
    for (size_t i = 0; i < values; i++) {
        float mean = sum[i] / count;
        momentum[i] = rule->momentum * momentum[i] + mean;
        agreed[i] = agreed[i] - rule->rate * (mean + rule->momentum * momentum[i]);
    }
}

void outer_step(const struct outer_rule *rule, const struct outer_sum *sum, size_t values,
                float *agreed, float *momentum) {
    assert(sum->count > 0);
    float total[RUN], decoded[RUN];
    for (size_t done = 0; done < values; done += RUN) {
        size_t run = run_at(done, values);
        decode_run(rule->codec, sum->coded[0], done, run, total);
        for (size_t k = 1; k < sum->count; k++) {
            decode_run(rule->codec, sum->coded[k], done, run, decoded);
            for (size_t i = 0; i < run; i++) {
                total[i] += decoded[i];
            }
        }
        step_run(rule, total, (float)sum->count, run,
                 (struct outer_state){agreed + done, momentum + done});
    }
}

void outer_merge(const float *agreed, const float *snapshot, size_t values, float *local) {
    for (size_t i = 0; i < values; i++) {
        local[i] = agreed[i] + (local[i] - snapshot[i]);
    }
}
