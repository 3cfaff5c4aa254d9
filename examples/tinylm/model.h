/*
 * A byte-level language model: the next byte from those before it.
 *
 *   x_t = byte[b_t] + pair[hash(b_t-1, b_t)] + triple[hash(b_t-2, b_t-1, b_t)]
 *   h_t = GRU(x_t, h_t-1)                 (Cho et al., EMNLP 2014; reset after the product)
 *   p(b_t+1) = softmax(h_t W + c)
 *
 * The hashed tables give a model of this size what pairs and triples of bytes tell by themselves;
 * the recurrent layer adds what lies further back. Trained by backpropagation through time over
 * `length` bytes of `batch` lanes at once, the state carried on from one step to the next.
 */
#ifndef TINYLM_MODEL_H
#define TINYLM_MODEL_H

#include <stddef.h>
#include <stdint.h>

enum { BYTES = 256, FEATURES = 3 };

enum parameter_index {
    EMBED_BYTE,
    EMBED_PAIR,
    EMBED_TRIPLE,
    GRU_INPUT,
    GRU_STATE,
    GRU_BIAS,
    OUTPUT_WEIGHT,
    OUTPUT_BIAS,
    PARAMETERS
};

struct parameter {
    const char *name;
    size_t rows;
    size_t columns;
    size_t offset; /* of its first number among all */
};

struct model_shape {
    size_t hidden;
    size_t embed;
    size_t rows; /* of each hashed table, a power of two */
    size_t batch;
    size_t length;
};

/* One step's input, time-major: entry t * batch + lane. */
struct batch {
    uint32_t *features[FEATURES]; /* rows of the three tables */
    uint8_t *targets;
};

struct model {
    struct model_shape shape;
    struct parameter parameters[PARAMETERS];
    size_t count;     /* of numbers in all parameters */
    float *weights;   /* what the model computes with */
    float *gradients; /* of the mean loss, set by model_backward */
    float *state;     /* [batch, hidden], carried from step to step */
    /* Of the last model_forward, each [length * batch, ...]. */
    float *inputs;        /* embed */
    float *from_input;    /* 3 hidden: x W + b; later its gradient */
    float *from_state;    /* 3 hidden: h W; later its gradient */
    float *gates;         /* 3 hidden: reset, update, candidate */
    float *states;        /* (length + 1) * batch, hidden: row block 0 is the state before */
    float *probabilities; /* 256; later the gradient of the logits */
    float *back;          /* as states: their gradient */
    float *transposed;    /* room for one transposed weight */
    float *input_back;    /* embed */
};

/* Room for everything; weights are zero. NULL when memory ran out. */
struct model *model_new(const struct model_shape *shape);
void model_free(struct model *model);

/* Fills `weights` (model->count numbers) from a random state. */
void model_initialise(const struct model *model, float *weights, uint64_t *random);

/* Mean loss in nats a byte; moves `state` on. */
double model_forward(struct model *model, const struct batch *batch);

/* After model_forward with the same batch. */
void model_backward(struct model *model, const struct batch *batch);

#endif
