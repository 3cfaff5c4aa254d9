/*
 * How two tensors of one type and shape differ, gathered piece by piece.
 */
#ifndef CLI_DIFFERENCE_H
#define CLI_DIFFERENCE_H

#include <satsync/checkpoint.h>
#include <stdbool.h>

struct difference {
    uint64_t elements;
    uint64_t changed; /* by their bits */
    double largest;   /* absolute; of elements that are numbers in both, as is all below */
    double squares;   /* the sum of the differences' squares */
    double before;    /* the sum of the first tensor's squares */
    bool is_numeric;  /* a type whose elements are numbers here: no complex, no 8-bit float */
};

/* Pure. Adds `bytes` of whole elements of each; begin with an empty one. */
void difference_add(struct difference *difference, enum satsync_dtype dtype, const void *from,
                    const void *to, size_t bytes);

/* Pure. The norm of the difference, relative to that of the first tensor; 0 when both are 0, and
 * infinite when only that is. */
double difference_relative(const struct difference *difference);

#endif
