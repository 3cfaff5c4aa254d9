#include "arithmetic.h"
#include "text.h"

#include <stdlib.h>

/* How often each byte followed a context, and how many different ones did. */
struct counts {
    uint32_t followed[BYTES];
    uint32_t total;
    uint32_t kinds;
};

static void count(struct counts *counts, uint8_t byte) {
    counts->kinds += counts->followed[byte]++ == 0;
    counts->total++;
}

/* The context speaks for total parts, the shorter one for as many as there are kinds. */
static double blend(const struct counts *counts, uint8_t byte, double shorter) {
    if (counts->total == 0) {
        return shorter;
    }
    double seen = (double)counts->followed[byte];
    return (seen + counts->kinds * shorter) / ((double)counts->total + counts->kinds);
}

double text_order2_loss(const struct text *text) {
    /* One row for order zero, 256 for order one, 65536 for order two; untouched rows cost nothing
     * but address space. */
    struct counts *zero = calloc(1 + BYTES + BYTES * BYTES, sizeof *zero);
    if (!zero) {
        return -1;
    }
    struct counts *one = zero + 1;
    struct counts *two = one + BYTES;
    double loss = 0;
    for (size_t at = 2; at < text->count; at++) {
        uint8_t byte = text->bytes[at];
        size_t last = text->bytes[at - 1];
        size_t last_two = (size_t)text->bytes[at - 2] * BYTES + last;
        if (at < text->learned) {
            count(zero, byte);
            count(&one[last], byte);
            count(&two[last_two], byte);
        } else {
            double p = blend(zero, byte, 1.0 / BYTES);
            p = blend(&two[last_two], byte, blend(&one[last], byte, p));
            loss -= natural_logarithm(p);
        }
    }
    free(zero);
    return loss / (double)(text->count - text->learned);
}
