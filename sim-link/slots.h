/*
 * What changes from slot to slot: a value that wanders as a first-order autoregression in
 * units of its own deviation, z[n+1] = correlation * z[n] + sqrt(1 - correlation^2) * e. Starlink
 * assigns satellites anew every 15 s; RTT and rate are drawn per slot. Owner thread.
 */
#ifndef SIM_LINK_SLOTS_H
#define SIM_LINK_SLOTS_H

#include "base/random.h"

#include <stddef.h>
#include <stdint.h>

enum { SLOTS_KERNELS_LIMIT = 4 };

/* A step is now a small one, now a large one: with this chance it has this correlation. Each keeps
 * the normal distribution of z, so their mixture does. */
struct slots_kernel {
    uint32_t chance_permille;
    uint32_t correlation_permille; /* < 1000 */
};

struct slots_options {
    uint64_t period_ns;                               /* > 0 */
    uint64_t phase_ns;                                /* a slot begins at phase + n * period */
    uint32_t correlation_permille;                    /* < 1000; of all steps, without kernels */
    struct slots_kernel kernels[SLOTS_KERNELS_LIMIT]; /* chances add up to 1000, or all to 0 */
};

struct slots {
    struct slots_options options;
    struct random random;
    uint64_t slot;
    int32_t z_q16;
};

struct slots slots_of(const struct slots_options *options, uint64_t seed, uint64_t stream);

/* Index of the slot that now_ns is in, and when the next begins. Pure. */
uint64_t slots_index(const struct slots_options *options, uint64_t now_ns);
uint64_t slots_end(const struct slots_options *options, uint64_t now_ns);

/* z at now_ns, which must not go back by a slot. */
int32_t slots_at(struct slots *slots, uint64_t now_ns);

/* A point of an empirical distribution: at the z of the normal with the same rank. */
struct quantile {
    int32_t z_q16;
    uint64_t value;
};

/* Interpolated between points, which rise in z; clamped to the ends. Pure. */
uint64_t quantile_at(const struct quantile *points, size_t count, int32_t z_q16);

#endif
