#include "examples/tinylm/model.h"

#include "examples/tinylm/arithmetic.h"
#include "examples/tinylm/text.h"
#include "support/cmocka.h"

#include <math.h>
#include <stdlib.h>

static const struct model_shape tiny = {
    .hidden = 6, .embed = 5, .rows = 16, .batch = 3, .length = 4};

static struct model *tiny_model(struct batch *batch) {
    struct model *model = model_new(&tiny);
    assert_non_null(model);
    uint64_t random = 3;
    model_initialise(model, model->weights, &random);
    for (size_t i = 0; i < model->count; i++) {
        model->weights[i] += 0.3f * random_unit(&random);
    }
    assert_int_equal(batch_init(batch, &tiny), 0);
    for (size_t cell = 0; cell < tiny.batch * tiny.length; cell++) {
        batch->features[0][cell] = (uint32_t)(random_next(&random) % 4);
        batch->features[1][cell] = (uint32_t)(random_next(&random) % tiny.rows);
        batch->features[2][cell] = (uint32_t)(random_next(&random) % tiny.rows);
        batch->targets[cell] = (uint8_t)random_next(&random);
    }
    return model;
}

/* From a state that is not zero, so that the first step's gradients count as well. */
static double loss_of(struct model *model, const struct batch *batch) {
    for (size_t i = 0; i < tiny.batch * tiny.hidden; i++) {
        model->state[i] = 0.1f * (float)(i % 7) - 0.3f;
    }
    return model_forward(model, batch);
}

static void test_gradients_match_finite_differences(void **state) {
    (void)state;
    struct batch batch;
    struct model *model = tiny_model(&batch);
    (void)loss_of(model, &batch);
    model_backward(model, &batch);
    const float shift = 0.02f;
    for (int p = 0; p < PARAMETERS; p++) {
        const struct parameter *parameter = &model->parameters[p];
        double difference = 0;
        double size = 0;
        for (size_t i = 0; i < parameter->rows * parameter->columns; i++) {
            float *weight = &model->weights[parameter->offset + i];
            float kept = *weight;
            *weight = kept + shift;
            double above = loss_of(model, &batch);
            *weight = kept - shift;
            double below = loss_of(model, &batch);
            *weight = kept;
            double found = (double)model->gradients[parameter->offset + i];
            double wanted = (above - below) / (2 * (double)shift);
            difference += (found - wanted) * (found - wanted);
            size += wanted * wanted;
        }
        assert_true(size > 0);
        assert_true(sqrt(difference / size) < 2e-3);
    }
    batch_fini(&batch);
    model_free(model);
}

static void test_untrained_loss_is_near_that_of_guessing(void **state) {
    (void)state;
    struct batch batch;
    struct model *model = tiny_model(&batch);
    for (size_t i = 0; i < model->count; i++) {
        model->weights[i] = 0;
    }
    assert_true(fabs(loss_of(model, &batch) - log(256)) < 1e-6);
    batch_fini(&batch);
    model_free(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients_match_finite_differences),
        cmocka_unit_test(test_untrained_loss_is_near_that_of_guessing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
