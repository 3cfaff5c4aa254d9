/*
 * Matrix products, row-major. Every element is summed over k in ascending order in one float, so
 * that the bits do not depend on how wide the machine's vectors are.
 */
#ifndef TINYLM_MATRIX_H
#define TINYLM_MATRIX_H

#include <stddef.h>

struct product {
    size_t rows;    /* of C */
    size_t columns; /* of C and B */
    size_t inner;   /* summed over */
    /* A's element (row, k) is at row * a_row + k * a_inner: {inner, 1} for A as it is, {1, rows}
     * for A stored as its transpose. */
    size_t a_row;
    size_t a_inner;
};

/* C += A B */
void matrix_multiply_add(float *c, const float *a, const float *b, const struct product *product);

/* C [rows, columns] += A [rows, inner] B [inner, columns]; shape is {rows, inner, columns}. */
void matrix_add_ab(float *c, const float *a, const float *b, const size_t shape[3]);

/* C [rows, columns] += A^T B, with A [inner, rows] and B [inner, columns]; shape as above. */
void matrix_add_atb(float *c, const float *a, const float *b, const size_t shape[3]);

/* to [columns, rows] = from [rows, columns] transposed */
void matrix_transpose(float *to, const float *from, size_t rows, size_t columns);

#endif
