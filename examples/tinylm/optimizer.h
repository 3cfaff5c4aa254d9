/*
 * AdamW (Loshchilov and Hutter, ICLR 2019) on fp32 master weights, with bf16 copies that the model
 * computes with, as large trainings do.
 */
#ifndef TINYLM_OPTIMIZER_H
#define TINYLM_OPTIMIZER_H

#include <stddef.h>
#include <stdint.h>

struct optimizer {
    size_t count;
    float *master;
    float *m;       /* running mean of the gradient */
    float *v;       /* running mean of its square */
    uint16_t *bf16; /* master, rounded */
};

/* Zeroed; 0 or -1 when memory ran out. */
int optimizer_init(struct optimizer *optimizer, size_t count);
void optimizer_fini(struct optimizer *optimizer);

/* Step number `step` (from 1) along `gradients`, which it clips; sets the weights to compute with.
 * The learning rate depends on the step alone, not on how many there will be, so that a training
 * that is continued goes on as if it had never stopped. */
void optimizer_step(struct optimizer *optimizer, uint64_t step, float *gradients, float *weights);

/* bf16 copies and weights from the master weights. */
void optimizer_round(struct optimizer *optimizer, float *weights);

#endif
