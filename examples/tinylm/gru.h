/*
 * One cell of the recurrent layer, forwards and backwards:
 *
 *   r = sigmoid(i_r + s_r),  u = sigmoid(i_u + s_u),  c = tanh(i_c + r s_c)
 *   after = c + u (before - c)
 *
 * with i = x W + b and s = before V, of 3 * hidden numbers each.
 */
#ifndef TINYLM_GRU_H
#define TINYLM_GRU_H

#include <stddef.h>

struct gru_cell {
    size_t hidden;
    float *from_input;   /* i; gru_backward leaves its gradient here */
    float *from_state;   /* s; likewise */
    float *gates;        /* r, u, c: set by gru_forward */
    const float *before; /* the state */
};

void gru_forward(const struct gru_cell *cell, float *after);

/* `back` is the gradient of `after`. What goes past the gates is added to `back_before`; what goes
 * through s the caller adds, as a matrix product. */
void gru_backward(const struct gru_cell *cell, const float *back, float *back_before);

#endif
