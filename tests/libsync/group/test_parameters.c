#include "group/parameters.h"

#include "support/cmocka.h"

#include <string.h>

static float memory[100];

static struct satsync_tensor tensor_of(const char *name, float *data, uint64_t count) {
    return (struct satsync_tensor){
        .name = name, .dtype = SATSYNC_F32, .dimensions = 1, .shape = {count}, .data = data};
}

static enum satsync_status init(struct parameters *parameters, const struct satsync_tensor *tensors,
                                size_t count, size_t fragments) {
    const struct parameters_options options = {
        .tensors = tensors, .tensor_count = count, .fragments = fragments};
    struct satsync_error error;
    return parameters_init(parameters, &options, &error);
}

/* Tensors lie apart and in reverse in memory; one is empty. */
static void test_every_cut_covers_each_parameter_once(void **state) {
    (void)state;
    const struct satsync_tensor tensors[4] = {
        tensor_of("a", memory + 60, 17), tensor_of("b", memory + 50, 0),
        tensor_of("c", memory + 40, 1), tensor_of("d", memory, 30)};
    for (size_t fragments = 1; fragments <= 48; fragments++) {
        struct parameters parameters;
        assert_int_equal(init(&parameters, tensors, 4, fragments), SATSYNC_OK);
        assert_int_equal(parameters.elements, 48);
        for (size_t i = 0; i < 100; i++) {
            memory[i] = -1;
        }
        float next = 0;
        for (size_t f = 0; f < fragments; f++) {
            float values[48];
            uint64_t count = parameters_elements(&parameters, f);
            assert_true(count == 48 / fragments || count == 48 / fragments + 1);
            for (uint64_t i = 0; i < count; i++) {
                values[i] = next++;
            }
            parameters_scatter(&parameters, f, values);
            parameters_gather(&parameters, f, parameters.scratch);
            assert_memory_equal(parameters.scratch, values, count * sizeof(float));
        }
        assert_true(next == 48);
        for (size_t i = 0; i < 17; i++) {
            assert_true(memory[60 + i] == (float)i);
        }
        assert_true(memory[40] == 17 && memory[39] == -1 && memory[41] == -1);
        for (size_t i = 0; i < 30; i++) {
            assert_true(memory[i] == (float)(18 + i));
        }
        parameters_fini(&parameters);
    }
}

static void test_tensors_that_cannot_be_averaged_are_refused(void **state) {
    (void)state;
    struct satsync_tensor whole = tensor_of("w", memory, 10);
    struct satsync_tensor wrong[6];
    for (size_t i = 0; i < 6; i++) {
        wrong[i] = whole;
    }
    wrong[0].dtype = SATSYNC_BF16;
    wrong[1].data = NULL;
    wrong[2].data = (const char *)memory + 2;
    wrong[3].name = "";
    wrong[4].dimensions = SATSYNC_MAX_DIMENSIONS + 1;
    wrong[5].dimensions = 2;
    wrong[5].shape[0] = wrong[5].shape[1] = UINT64_C(1) << 40;
    struct parameters parameters;
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(init(&parameters, &wrong[i], 1, 1), SATSYNC_INVALID);
        parameters_fini(&parameters);
    }
    static const size_t fragments[] = {0, 11, PARAMETERS_FRAGMENTS + 1};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(init(&parameters, &whole, 1, fragments[i]), SATSYNC_INVALID);
        parameters_fini(&parameters);
    }
    assert_int_equal(init(&parameters, NULL, 0, 1), SATSYNC_INVALID);
    parameters_fini(&parameters);
}

static void test_witness_needs_no_data(void **state) {
    (void)state;
    const struct satsync_tensor tensor = tensor_of("w", NULL, 10);
    const struct parameters_options options = {
        .tensors = &tensor, .tensor_count = 1, .fragments = 2, .witness = true};
    struct parameters parameters;
    struct satsync_error error;
    assert_int_equal(parameters_init(&parameters, &options, &error), SATSYNC_OK);
    assert_int_equal(parameters_elements(&parameters, 1), 5);
    parameters_fini(&parameters);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_cut_covers_each_parameter_once),
        cmocka_unit_test(test_tensors_that_cannot_be_averaged_are_refused),
        cmocka_unit_test(test_witness_needs_no_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
