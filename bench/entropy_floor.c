#include "bench/entropy_floor.h"

#include "codec/planes.h"

#include <math.h>

static double plane_bits(const uint8_t *plane, size_t bytes) {
    size_t counts[256] = {0};
    double bits = 0;
    for (size_t i = 0; i < bytes; i++) {
        counts[plane[i]]++;
    }
    for (int symbol = 0; symbol < 256; symbol++) {
        if (counts[symbol]) {
            bits += (double)counts[symbol] * log2((double)bytes / (double)counts[symbol]);
        }
    }
    return bits;
}

double entropy_floor_bytes(const struct floor_input *input, uint8_t *planes) {
    bool whole = input->bytes % input->width == 0;
    uint8_t width = whole ? input->width : 1;
    const struct planes shape = {input->bytes / width, width, input->floating && width > 1};
    double bits = 0;
    planes_split(&shape, input->raw, planes);
    for (size_t p = 0; p < width; p++) {
        bits += plane_bits(planes + p * shape.elements, shape.elements);
    }
    return bits / 8;
}
