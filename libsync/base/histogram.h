/*
 * Log-linear histogram of uint64 values: 16 linear buckets per power of two, so that a quantile is
 * at most 6.25 % above the value it stands for. Fixed size, no allocation. Owner thread.
 */
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_BUCKETS = 16 * 61 };

struct histogram {
    uint64_t count;
    uint64_t sum; /* saturates */
    uint64_t min; /* 0 while count is 0 */
    uint64_t max;
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *histogram, uint64_t value);

/* Upper edge of the bucket that holds the value of rank ceil(count * permille / 1000), clamped to
 * max; 0 while empty. permille in [0, 1000]. */
uint64_t histogram_quantile(const struct histogram *histogram, unsigned permille);

#endif
