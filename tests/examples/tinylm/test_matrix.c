#include "examples/tinylm/matrix.h"

#include "examples/tinylm/arithmetic.h"
#include "support/cmocka.h"

enum { LARGEST = 40 * 40 };

static void fill(float *matrix, size_t count, uint64_t *random) {
    for (size_t i = 0; i < count; i++) {
        matrix[i] = random_unit(random);
    }
}

/* To the bit: tiles and edges sum in the order of the plain loop. */
static void test_products_equal_the_plain_loop_in_every_shape(void **state) {
    (void)state;
    uint64_t random = 1;
    for (int trial = 0; trial < 200; trial++) {
        size_t shape[3];
        for (int i = 0; i < 3; i++) {
            shape[i] = 1 + random_next(&random) % 40;
        }
        static float a[LARGEST], at[LARGEST], b[LARGEST], c[LARGEST], d[LARGEST], plain[LARGEST];
        fill(a, shape[0] * shape[1], &random);
        fill(b, shape[1] * shape[2], &random);
        fill(plain, shape[0] * shape[2], &random);
        memcpy(c, plain, sizeof c);
        memcpy(d, plain, sizeof d);
        for (size_t row = 0; row < shape[0]; row++) {
            for (size_t column = 0; column < shape[2]; column++) {
                for (size_t k = 0; k < shape[1]; k++) {
                    plain[row * shape[2] + column] +=
                        a[row * shape[1] + k] * b[k * shape[2] + column];
                }
            }
        }
        matrix_add_ab(c, a, b, shape);
        matrix_transpose(at, a, shape[0], shape[1]);
        matrix_add_atb(d, at, b, shape);
        assert_memory_equal(c, plain, shape[0] * shape[2] * sizeof *c);
        assert_memory_equal(d, plain, shape[0] * shape[2] * sizeof *d);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products_equal_the_plain_loop_in_every_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
