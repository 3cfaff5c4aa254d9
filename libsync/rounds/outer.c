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

static void step_run(const struct outer_rule *rule, const float *restrict sum, float count,
                     size_t values, struct outer_state at) {
    float *restrict agreed = at.agreed, *restrict momentum = at.momentum;
    for (size_t i = 0; i < values; i++) {
        float mean = sum[i] / count;
        momentum[i] = rule->momentum * momentum[i] + mean;
        agreed[i] = agreed[i] - rule->rate * (mean + rule->momentum * momentum[i]);
    }
}

/* Elements done to done + run of the sum. */
static void add_run(enum quantise_codec codec, const struct outer_sum *sum, size_t done, size_t run,
                    float *total) {
    float decoded[RUN];
    decode_run(codec, sum->coded[0], done, run, total);
    for (size_t k = 1; k < sum->count; k++) {
        decode_run(codec, sum->coded[k], done, run, decoded);
        for (size_t i = 0; i < run; i++) {
            total[i] += decoded[i];
        }
    }
}

static struct outer_state state_at(struct outer_state at, size_t done) {
    return (struct outer_state){at.agreed + done, at.momentum + done};
}

void outer_add(enum quantise_codec codec, const struct outer_sum *sum, size_t values,
               uint8_t *out) {
    assert(sum->count > 0);
    float total[RUN];
    for (size_t done = 0; done < values; done += RUN) {
        size_t run = run_at(done, values);
        add_run(codec, sum, done, run, total);
        quantise_encode(QUANTISE_FP32, total, run, out + quantise_bytes(QUANTISE_FP32, done));
    }
}

void outer_step(const struct outer_rule *rule, const struct outer_sum *sum, size_t values,
                struct outer_state at) {
    assert(sum->count > 0);
    float total[RUN];
    for (size_t done = 0; done < values; done += RUN) {
        size_t run = run_at(done, values);
        add_run(rule->codec, sum, done, run, total);
        step_run(rule, total, (float)sum->count, run, state_at(at, done));
    }
}

void outer_step_summed(const struct outer_rule *rule, const uint8_t *sum, size_t count,
                       size_t values, struct outer_state at) {
    float total[RUN];
    for (size_t done = 0; done < values; done += RUN) {
        size_t run = run_at(done, values);
        decode_run(QUANTISE_FP32, sum, done, run, total);
        step_run(rule, total, (float)count, run, state_at(at, done));
    }
}

void outer_merge(const float *agreed, const float *snapshot, size_t values, float *local) {
    for (size_t i = 0; i < values; i++) {
        local[i] = agreed[i] + (local[i] - snapshot[i]);
    }
}
