#include "model.h"

#include "arithmetic.h"
#include "gru.h"
#include "matrix.h"

#include <stdlib.h>
#include <string.h>

static void lay_out_parameters(struct model *model) {
    const struct model_shape *s = &model->shape;
    const struct parameter parameters[PARAMETERS] = {
        [EMBED_BYTE] = {"embed.byte", BYTES, s->embed, 0},
        [EMBED_PAIR] = {"embed.pair", s->rows, s->embed, 0},
        [EMBED_TRIPLE] = {"embed.triple", s->rows, s->embed, 0},
        [GRU_INPUT] = {"gru.input", s->embed, 3 * s->hidden, 0},
        [GRU_STATE] = {"gru.state", s->hidden, 3 * s->hidden, 0},
        [GRU_BIAS] = {"gru.bias", 1, 3 * s->hidden, 0},
        [OUTPUT_WEIGHT] = {"output.weight", s->hidden, BYTES, 0},
        [OUTPUT_BIAS] = {"output.bias", 1, BYTES, 0},
    };
    for (int i = 0; i < PARAMETERS; i++) {
        model->parameters[i] = parameters[i];
        model->parameters[i].offset = model->count;
        model->count += parameters[i].rows * parameters[i].columns;
    }
}

struct model *model_new(const struct model_shape *shape) {
    struct model *model = calloc(1, sizeof *model);
    if (!model) {
        return NULL;
    }
    model->shape = *shape;
    lay_out_parameters(model);
    size_t hidden = shape->hidden;
    size_t cells = shape->length * shape->batch;
    size_t widest = shape->embed > hidden ? shape->embed : hidden;
    size_t transposed = widest * (3 * hidden > BYTES ? 3 * hidden : BYTES);
    const struct {
        float **at;
        size_t count;
    } rooms[] = {
        {&model->weights, model->count},          {&model->gradients, model->count},
        {&model->state, shape->batch * hidden},   {&model->inputs, cells * shape->embed},
        {&model->from_input, cells * 3 * hidden}, {&model->from_state, cells * 3 * hidden},
        {&model->gates, cells * 3 * hidden},      {&model->states, (cells + shape->batch) * hidden},
        {&model->probabilities, cells * BYTES},   {&model->back, (cells + shape->batch) * hidden},
        {&model->transposed, transposed},         {&model->input_back, cells * shape->embed},
    };
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
        *rooms[i].at = calloc(rooms[i].count, sizeof(float));
        if (!*rooms[i].at) {
            model_free(model);
            return NULL;
        }
    }
    return model;
}

void model_free(struct model *model) {
    if (!model) {
        return;
    }
    float *rooms[] = {model->weights,    model->gradients,     model->state,
                      model->inputs,     model->from_input,    model->from_state,
                      model->gates,      model->states,        model->back,
                      model->transposed, model->probabilities, model->input_back};
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
        free(rooms[i]);
    }
    free(model);
}

void model_initialise(const struct model *model, float *weights, uint64_t *random) {
    for (int i = 0; i < PARAMETERS; i++) {
        const struct parameter *p = &model->parameters[i];
        /* Embeddings and biases small, matrices by the number of their inputs. */
        float scale = i < GRU_INPUT ? 0.1f : (float)(1 / square_root((double)p->rows));
        if (p->rows == 1) {
            scale = 0;
        }
        for (size_t at = 0; at < p->rows * p->columns; at++) {
            weights[p->offset + at] = scale * random_unit(random);
        }
    }
}

static float *weights_of(const struct model *model, enum parameter_index index) {
    return model->weights + model->parameters[index].offset;
}

static float *gradients_of(const struct model *model, enum parameter_index index) {
    return model->gradients + model->parameters[index].offset;
}

static void embed(struct model *model, const struct batch *batch, size_t cells) {
    size_t width = model->shape.embed;
    memset(model->inputs, 0, cells * width * sizeof(float));
    for (size_t cell = 0; cell < cells; cell++) {
        float *input = model->inputs + cell * width;
        for (int f = 0; f < FEATURES; f++) {
            const float *row = weights_of(model, (enum parameter_index)(EMBED_BYTE + f)) +
                               batch->features[f][cell] * width;
            for (size_t i = 0; i < width; i++) {
                input[i] += row[i];
            }
        }
    }
}

static void fill_rows(float *rows, const float *row, size_t count, size_t width) {
    for (size_t i = 0; i < count; i++) {
        memcpy(rows + i * width, row, width * sizeof *row);
    }
}

static struct gru_cell cell_at(const struct model *model, size_t cell) {
    size_t hidden = model->shape.hidden;
    return (struct gru_cell){.hidden = hidden,
                             .from_input = model->from_input + cell * 3 * hidden,
                             .from_state = model->from_state + cell * 3 * hidden,
                             .gates = model->gates + cell * 3 * hidden,
                             .before = model->states + cell * hidden};
}

static void run_layer(struct model *model) {
    size_t hidden = model->shape.hidden;
    size_t lanes = model->shape.batch;
    memset(model->from_state, 0, model->shape.length * lanes * 3 * hidden * sizeof(float));
    for (size_t first = 0; first < model->shape.length * lanes; first += lanes) {
        matrix_add_ab(model->from_state + first * 3 * hidden, model->states + first * hidden,
                      weights_of(model, GRU_STATE), (size_t[]){lanes, hidden, 3 * hidden});
        for (size_t i = first; i < first + lanes; i++) {
            struct gru_cell cell = cell_at(model, i);
            gru_forward(&cell, model->states + (i + lanes) * hidden);
        }
    }
}

/* Turns logits into probabilities; gives the loss. */
static double softmax(float *row, uint8_t target) {
    float largest = row[0];
    for (size_t i = 1; i < BYTES; i++) {
        largest = row[i] > largest ? row[i] : largest;
    }
    for (size_t i = 0; i < BYTES; i++) {
        row[i] = exponential(row[i] - largest);
    }
    double sum = 0;
    for (size_t i = 0; i < BYTES; i++) {
        sum += (double)row[i];
    }
    float scale = (float)(1 / sum);
    double loss = natural_logarithm(sum) - natural_logarithm((double)row[target]);
    for (size_t i = 0; i < BYTES; i++) {
        row[i] *= scale;
    }
    return loss;
}

double model_forward(struct model *model, const struct batch *batch) {
    size_t hidden = model->shape.hidden;
    size_t lanes = model->shape.batch;
    size_t cells = lanes * model->shape.length;
    embed(model, batch, cells);
    fill_rows(model->from_input, weights_of(model, GRU_BIAS), cells, 3 * hidden);
    matrix_add_ab(model->from_input, model->inputs, weights_of(model, GRU_INPUT),
                  (size_t[]){cells, model->shape.embed, 3 * hidden});
    memcpy(model->states, model->state, lanes * hidden * sizeof(float));
    run_layer(model);
    memcpy(model->state, model->states + cells * hidden, lanes * hidden * sizeof(float));
    fill_rows(model->probabilities, weights_of(model, OUTPUT_BIAS), cells, BYTES);
    matrix_add_ab(model->probabilities, model->states + lanes * hidden,
                  weights_of(model, OUTPUT_WEIGHT), (size_t[]){cells, hidden, BYTES});
    double loss = 0;
    for (size_t cell = 0; cell < cells; cell++) {
        loss += softmax(model->probabilities + cell * BYTES, batch->targets[cell]);
    }
    return loss / (double)cells;
}

static void add_columns(float *sums, const float *rows, size_t count, size_t width) {
    for (size_t row = 0; row < count; row++) {
        for (size_t i = 0; i < width; i++) {
            sums[i] += rows[row * width + i];
        }
    }
}

static void output_backward(struct model *model, const struct batch *batch, size_t cells) {
    size_t hidden = model->shape.hidden;
    float scale = 1.0f / (float)cells;
    for (size_t cell = 0; cell < cells; cell++) {
        float *row = model->probabilities + cell * BYTES;
        row[batch->targets[cell]] -= 1.0f;
        for (size_t i = 0; i < BYTES; i++) {
            row[i] *= scale;
        }
    }
    add_columns(gradients_of(model, OUTPUT_BIAS), model->probabilities, cells, BYTES);
    matrix_add_atb(gradients_of(model, OUTPUT_WEIGHT), model->states + model->shape.batch * hidden,
                   model->probabilities, (size_t[]){hidden, cells, BYTES});
    matrix_transpose(model->transposed, weights_of(model, OUTPUT_WEIGHT), hidden, BYTES);
    memset(model->back, 0, (cells + model->shape.batch) * hidden * sizeof(float));
    matrix_add_ab(model->back + model->shape.batch * hidden, model->probabilities,
                  model->transposed, (size_t[]){cells, BYTES, hidden});
}

static void layer_backward(struct model *model, size_t cells) {
    size_t hidden = model->shape.hidden;
    size_t lanes = model->shape.batch;
    matrix_transpose(model->transposed, weights_of(model, GRU_STATE), hidden, 3 * hidden);
    for (size_t first = cells; first > 0;) {
        first -= lanes;
        for (size_t i = first; i < first + lanes; i++) {
            struct gru_cell cell = cell_at(model, i);
            gru_backward(&cell, model->back + (i + lanes) * hidden, model->back + i * hidden);
        }
        matrix_add_ab(model->back + first * hidden, model->from_state + first * 3 * hidden,
                      model->transposed, (size_t[]){lanes, 3 * hidden, hidden});
    }
    matrix_add_atb(gradients_of(model, GRU_STATE), model->states, model->from_state,
                   (size_t[]){hidden, cells, 3 * hidden});
}

static void input_backward(struct model *model, const struct batch *batch, size_t cells) {
    size_t width = model->shape.embed;
    size_t gates = 3 * model->shape.hidden;
    add_columns(gradients_of(model, GRU_BIAS), model->from_input, cells, gates);
    matrix_add_atb(gradients_of(model, GRU_INPUT), model->inputs, model->from_input,
                   (size_t[]){width, cells, gates});
    matrix_transpose(model->transposed, weights_of(model, GRU_INPUT), width, gates);
    memset(model->input_back, 0, cells * width * sizeof(float));
    matrix_add_ab(model->input_back, model->from_input, model->transposed,
                  (size_t[]){cells, gates, width});
    for (size_t cell = 0; cell < cells; cell++) {
        for (int f = 0; f < FEATURES; f++) {
            float *row = gradients_of(model, (enum parameter_index)(EMBED_BYTE + f)) +
                         batch->features[f][cell] * width;
            add_columns(row, model->input_back + cell * width, 1, width);
        }
    }
}

void model_backward(struct model *model, const struct batch *batch) {
    size_t cells = model->shape.length * model->shape.batch;
    memset(model->gradients, 0, model->count * sizeof(float));
    output_backward(model, batch, cells);
    layer_backward(model, cells);
    input_backward(model, batch, cells);
}
