/*
 * Values that hold from one time to the next, repeated after a period: what a trace says of rate or
 * loss. Pure.
 */
#ifndef SIM_LINK_SERIES_H
#define SIM_LINK_SERIES_H

#include <stddef.h>
#include <stdint.h>

struct series_step {
    uint64_t at_ns; /* the first 0, rising, below the period */
    uint64_t value;
};

struct series {
    const struct series_step *steps; /* borrowed; NULL: no series */
    size_t count;
    uint64_t period_ns;
};

/* The value at a time, and when the next begins. */
uint64_t series_at(const struct series *series, uint64_t now_ns, uint64_t *until_ns);

#endif
