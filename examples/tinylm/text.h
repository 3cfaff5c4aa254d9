/*
 * The text: nine tenths to learn from, the last tenth held out; and lanes that read through it.
 */
#ifndef TINYLM_TEXT_H
#define TINYLM_TEXT_H

#include "model.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
    uint8_t *bytes;
    size_t count;
    size_t learned; /* bytes to learn from; the rest is held out */
    uint64_t hash;
};

/* A file, or with NULL the licence texts of Debian in the order of their names (symbolic links
 * skipped). 0, or -1 after a message on stderr. */
int text_read(struct text *text, const char *path);
void text_fini(struct text *text);

/* Bytes [0, count) in `parts` equal parts; lane i of a batch reads part first + i, `length` bytes a
 * step. Trainers that share a text take parts side by side. */
struct lanes {
    const uint8_t *bytes;
    size_t count;
    size_t parts; /* at least first + batch */
    size_t first;
    uint64_t position; /* where in its part each lane stands */
};

/* True when a batch is left before the parts end. */
bool lanes_have(const struct lanes *lanes, const struct model_shape *shape);

/* The next batch; only when lanes_have. */
void lanes_take(struct lanes *lanes, const struct model_shape *shape, struct batch *batch);

/* True when the parts are long enough for one batch from any start below `length`. */
bool lanes_fit(const struct lanes *lanes, const struct model_shape *shape);

int batch_init(struct batch *batch, const struct model_shape *shape);
void batch_fini(struct batch *batch);

/* Mean loss, in nats a byte of [learned, count), of a model of order two counted over [0, learned):
 * Witten and Bell's interpolation (IEEE Trans. Inf. Theory 37, 1991) down to order zero. Negative
 * when memory ran out. */
double text_order2_loss(const struct text *text);

#endif
