#include "optimizer.h"

#include "arithmetic.h"

#include <math.h>
#include <stdlib.h>

static const double peak_rate = 4e-3;
static const double warm_up_steps = 20;
static const double hold_steps = 150;
static const float beta1 = 0.9f;
static const float beta2 = 0.99f;
static const float weight_decay = 0.02f;
static const float epsilon = 1e-8f;
static const double largest_norm = 1.0;

int optimizer_init(struct optimizer *optimizer, size_t count) {
    *optimizer = (struct optimizer){
        .count = count,
        .master = calloc(count, sizeof(float)),
        .m = calloc(count, sizeof(float)),
        .v = calloc(count, sizeof(float)),
        .bf16 = calloc(count, sizeof(uint16_t)),
    };
    if (optimizer->master && optimizer->m && optimizer->v && optimizer->bf16) {
        return 0;
    }
    optimizer_fini(optimizer);
    return -1;
}

void optimizer_fini(struct optimizer *optimizer) {
    free(optimizer->master);
    free(optimizer->m);
    free(optimizer->v);
    free(optimizer->bf16);
    *optimizer = (struct optimizer){0};
}

/* A linear rise, a plateau, then a fall with the inverse square root of the step. */
static double rate_of(uint64_t step) {
    double now = (double)step;
    if (now < warm_up_steps) {
        return peak_rate * now / warm_up_steps;
    }
    return now < hold_steps ? peak_rate : peak_rate * square_root(hold_steps / now);
}

static double power(double base, uint64_t exponent) {
    double result = 1;
    for (; exponent > 0; exponent >>= 1) {
        result = exponent & 1 ? result * base : result;
        base *= base;
    }
    return result;
}

static float clip_factor(const float *gradients, size_t count) {
    double sums[4] = {0, 0, 0, 0};
    for (size_t i = 0; i < count; i++) {
        sums[i % 4] += (double)gradients[i] * (double)gradients[i];
    }
    double norm = square_root((sums[0] + sums[1]) + (sums[2] + sums[3]));
    return norm > largest_norm ? (float)(largest_norm / norm) : 1.0f;
}

/* IEEE 754 wants the square root right to the last bit, so libm's is the same bits everywhere. */
static inline float root(float x) {
    return sqrtf(x);
}

void optimizer_step(struct optimizer *optimizer, uint64_t step, float *gradients, float *weights) {
    float clip = clip_factor(gradients, optimizer->count);
    double rate = rate_of(step);
    float fall = (float)(1 - rate * (double)weight_decay);
    float scale = (float)(rate / (1 - power((double)beta1, step)));
    float v_scale = (float)(1 / (1 - power((double)beta2, step)));
    float *restrict master = optimizer->master;
    float *restrict m = optimizer->m;
    float *restrict v = optimizer->v;
    for (size_t i = 0; i < optimizer->count; i++) {
        float gradient = gradients[i] * clip;
        m[i] = beta1 * m[i] + (1 - beta1) * gradient;
        v[i] = beta2 * v[i] + (1 - beta2) * gradient * gradient;
        master[i] = master[i] * fall - scale * m[i] / (root(v[i] * v_scale) + epsilon);
    }
    optimizer_round(optimizer, weights);
}

void optimizer_round(struct optimizer *optimizer, float *weights) {
    for (size_t i = 0; i < optimizer->count; i++) {
        optimizer->bf16[i] = bf16_of(optimizer->master[i]);
        weights[i] = float_of_bf16(optimizer->bf16[i]);
    }
}
