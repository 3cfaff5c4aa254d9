#include "gru.h"

#include "arithmetic.h"

void gru_forward(const struct gru_cell *cell, float *restrict after) {
    size_t hidden = cell->hidden;
    const float *restrict input = cell->from_input;
    const float *restrict state = cell->from_state;
    float *restrict gates = cell->gates;
    for (size_t i = 0; i < 2 * hidden; i++) {
        gates[i] = sigmoid(input[i] + state[i]);
    }
    const float *restrict reset = gates;
    const float *restrict update = gates + hidden;
    float *restrict candidate = gates + 2 * hidden;
    for (size_t i = 0; i < hidden; i++) {
        candidate[i] = hyperbolic_tangent(input[2 * hidden + i] + reset[i] * state[2 * hidden + i]);
    }
    for (size_t i = 0; i < hidden; i++) {
        after[i] = candidate[i] + update[i] * (cell->before[i] - candidate[i]);
    }
}

void gru_backward(const struct gru_cell *cell, const float *back, float *restrict back_before) {
    size_t hidden = cell->hidden;
    float *restrict input = cell->from_input;
    float *restrict state = cell->from_state;
    for (size_t i = 0; i < hidden; i++) {
        float reset = cell->gates[i];
        float update = cell->gates[hidden + i];
        float candidate = cell->gates[2 * hidden + i];
        float to_update = back[i] * (cell->before[i] - candidate) * update * (1 - update);
        float to_candidate = back[i] * (1 - update) * (1 - candidate * candidate);
        float to_reset = to_candidate * state[2 * hidden + i] * reset * (1 - reset);
        input[i] = state[i] = to_reset;
        input[hidden + i] = state[hidden + i] = to_update;
        input[2 * hidden + i] = to_candidate;
        state[2 * hidden + i] = to_candidate * reset;
        back_before[i] += back[i] * update;
    }
}
