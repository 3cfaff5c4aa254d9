#include "base/histogram.h"

#include "base/wide.h"

#include <assert.h>

static unsigned bucket_of(uint64_t value) {
    if (value < 16) {
        return (unsigned)value;
    }
    unsigned power = 63 - (unsigned)__builtin_clzll(value);
    return (power - 3) * 16 + (unsigned)(value >> (power - 4) & 15);
}

static uint64_t bucket_last(unsigned bucket) {
    if (bucket < 16) {
        return bucket;
    }
    unsigned shift = bucket / 16 - 1;
    uint64_t first = (uint64_t)(16 + bucket % 16) << shift;
    return first + (((uint64_t)1 << shift) - 1);
}

void histogram_add(struct histogram *histogram, uint64_t value) {
    if (histogram->count == 0 || value < histogram->min) {
        histogram->min = value;
    }
    if (value > histogram->max) {
        histogram->max = value;
    }
    histogram->count++;
    if (__builtin_add_overflow(histogram->sum, value, &histogram->sum)) {
        histogram->sum = UINT64_MAX;
    }
    histogram->buckets[bucket_of(value)]++;
}

uint64_t histogram_quantile(const struct histogram *histogram, unsigned permille) {
    assert(permille <= 1000);
    uint128 scaled = (uint128)histogram->count * permille;
    uint64_t rank = (uint64_t)((scaled + 999) / 1000);
    if (histogram->count == 0) {
        return 0;
    }
    if (rank == 0) {
        return histogram->min;
    }
    uint64_t seen = 0;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += histogram->buckets[i];
        if (seen >= rank) {
            uint64_t last = bucket_last(i);
            return last < histogram->max ? last : histogram->max;
        }
    }
    return histogram->max;
}
