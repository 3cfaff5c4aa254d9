#include "matrix.h"

/* Eight lanes of gcc's and clang's vector extension: two SSE registers or one AVX register. */
typedef float lanes __attribute__((vector_size(32)));
typedef float lanes_in_memory __attribute__((vector_size(32), aligned(4), may_alias));
enum { LANES = 8, TILE_ROWS = 4 };

/* The same plain code once more for wider registers, chosen when the program starts: a moment at
 * which sanitizers are not ready. */
#if defined(__has_feature)
#define SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif
#if defined(__clang__)
#define HAS_CLONES (__clang_major__ >= 14)
#else
#define HAS_CLONES 1
#endif
#if defined(__x86_64__) && defined(__gnu_linux__) && HAS_CLONES && !SANITIZED
#define FOR_EACH_CPU __attribute__((target_clones("avx2", "default")))
#else
#define FOR_EACH_CPU
#endif

/* Four rows by two vectors: eight running sums, enough to hide the latency of an addition. */
static inline __attribute__((always_inline)) void tile(float *c, const float *a, const float *b,
                                                       const struct product *p) {
    lanes sum[TILE_ROWS][2];
    for (size_t r = 0; r < TILE_ROWS; r++) {
        sum[r][0] = *(lanes_in_memory *)(c + r * p->columns);
        sum[r][1] = *(lanes_in_memory *)(c + r * p->columns + LANES);
    }
    for (size_t k = 0; k < p->inner; k++) {
        lanes left = *(const lanes_in_memory *)(b + k * p->columns);
        lanes right = *(const lanes_in_memory *)(b + k * p->columns + LANES);
        for (size_t r = 0; r < TILE_ROWS; r++) {
            float factor = a[r * p->a_row + k * p->a_inner];
            sum[r][0] += factor * left;
            sum[r][1] += factor * right;
        }
    }
    for (size_t r = 0; r < TILE_ROWS; r++) {
        *(lanes_in_memory *)(c + r * p->columns) = sum[r][0];
        *(lanes_in_memory *)(c + r * p->columns + LANES) = sum[r][1];
    }
}

static void element(float *c, const float *a, const float *b, const struct product *p) {
    float sum = *c;
    for (size_t k = 0; k < p->inner; k++) {
        sum += a[k * p->a_inner] * b[k * p->columns];
    }
    *c = sum;
}

FOR_EACH_CPU
void matrix_multiply_add(float *c, const float *a, const float *b, const struct product *product) {
    const struct product p = *product;
    size_t tiled_rows = p.rows - p.rows % TILE_ROWS;
    size_t tiled_columns = p.columns - p.columns % (2 * LANES);
    for (size_t column = 0; column < tiled_columns; column += 2 * LANES) {
        for (size_t row = 0; row < tiled_rows; row += TILE_ROWS) {
            tile(c + row * p.columns + column, a + row * p.a_row, b + column, &p);
        }
    }
    for (size_t row = 0; row < p.rows; row++) {
        size_t first = row < tiled_rows ? tiled_columns : 0;
        for (size_t column = first; column < p.columns; column++) {
            element(c + row * p.columns + column, a + row * p.a_row, b + column, &p);
        }
    }
}

void matrix_add_ab(float *c, const float *a, const float *b, const size_t shape[3]) {
    const struct product product = {shape[0], shape[2], shape[1], shape[1], 1};
    matrix_multiply_add(c, a, b, &product);
}

void matrix_add_atb(float *c, const float *a, const float *b, const size_t shape[3]) {
    const struct product product = {shape[0], shape[2], shape[1], 1, shape[0]};
    matrix_multiply_add(c, a, b, &product);
}

void matrix_transpose(float *to, const float *from, size_t rows, size_t columns) {
    for (size_t row = 0; row < rows; row++) {
        for (size_t column = 0; column < columns; column++) {
            to[column * rows + row] = from[row * columns + column];
        }
    }
}
