/* What no order-0 code could beat: the entropy of the byte planes that the float codecs cut. */
#ifndef BENCH_ENTROPY_FLOOR_H
#define BENCH_ENTROPY_FLOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct floor_input {
    const uint8_t *raw;
    size_t bytes; /* at most a chunk */
    uint8_t width;
    bool floating; /* rotated before it is cut */
};

/* Bytes, to which no table is added; `planes` is scratch of as many bytes as raw. Pure. */
double entropy_floor_bytes(const struct floor_input *input, uint8_t *planes);

#endif
