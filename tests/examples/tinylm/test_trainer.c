#include "examples/tinylm/trainer.h"

#include "tiny_training.h"

#include <string.h>

static char text[] = "/tmp/tinylm-test-XXXXXX";

static void test_same_seed_gives_the_same_bits_and_another_others(void **state) {
    (void)state;
    uint64_t digests[3];
    static const uint64_t seeds[3] = {5, 5, 6};
    for (int i = 0; i < 3; i++) {
        struct trainer trainer;
        start(&trainer, text, seeds[i]);
        for (int step = 0; step < 30; step++) {
            (void)trainer_step(&trainer);
        }
        digests[i] = trainer_digest(&trainer);
        trainer_fini(&trainer);
    }
    assert_true(digests[0] == digests[1]);
    assert_true(digests[0] != digests[2]);
}

static void test_loss_falls(void **state) {
    (void)state;
    struct trainer trainer;
    start(&trainer, text, 1);
    double before = trainer_validate(&trainer);
    for (int step = 0; step < 200; step++) {
        (void)trainer_step(&trainer);
    }
    assert_true(trainer_validate(&trainer) < before - 1);
    trainer_fini(&trainer);
}

/* Trainers that share a text by lanes and average their gradients are one trainer of all lanes. */
static void test_shared_lanes_give_the_gradient_of_all(void **state) {
    (void)state;
    struct trainer parts[3];
    for (size_t i = 0; i < 3; i++) {
        const struct trainer_options options = {
            .shape = {.hidden = 12, .embed = 8, .rows = 32, .batch = i < 2 ? 1 : 2, .length = 8},
            .text = text,
            .seed = 1,
            .parts = 2,
            .first = i < 2 ? i : 0};
        assert_int_equal(trainer_init(&parts[i], &options), 0);
    }
    for (int step = 0; step < 10; step++) {
        double losses[3];
        for (int i = 0; i < 3; i++) {
            losses[i] = trainer_gradients(&parts[i]);
        }
        assert_true(losses[0] != losses[1]);
        assert_float_equal((losses[0] + losses[1]) / 2, losses[2], 1e-5);
        for (size_t n = 0; n < parts[2].model->count; n++) {
            float mean = (parts[0].model->gradients[n] + parts[1].model->gradients[n]) / 2;
            assert_float_equal(mean, parts[2].model->gradients[n], 1e-5);
            parts[0].model->gradients[n] = parts[1].model->gradients[n] =
                parts[2].model->gradients[n];
        }
        for (int i = 0; i < 3; i++) {
            trainer_update(&parts[i]);
        }
    }
    assert_true(trainer_digest(&parts[0]) == trainer_digest(&parts[2]));
    for (int i = 0; i < 3; i++) {
        trainer_fini(&parts[i]);
    }
}

static void copy_state(struct trainer *to, struct trainer *from) {
    struct state_tensor target[STATE_TENSORS];
    struct state_tensor source[STATE_TENSORS];
    trainer_state(to, target);
    trainer_state(from, source);
    for (int i = 0; i < STATE_TENSORS; i++) {
        assert_string_equal(target[i].name, source[i].name);
        memcpy(target[i].data, source[i].data, source[i].bytes);
    }
}

/* From several steps, the one before the text's end is reached among them. */
static void test_training_goes_on_from_its_state_with_the_same_losses(void **state) {
    (void)state;
    for (int stop = 0; stop < 130; stop += 13) {
        struct trainer whole;
        struct trainer second;
        start(&whole, text, 1);
        start(&second, text, 1);
        for (int step = 0; step < stop; step++) {
            (void)trainer_step(&whole);
        }
        uint64_t wanted[PROGRESS_COUNT];
        memcpy(wanted, second.progress, sizeof wanted);
        copy_state(&second, &whole);
        assert_int_equal(trainer_resume(&second, wanted), 0);
        (void)trainer_validate(&second);
        for (int step = 0; step < 20; step++) {
            assert_true(trainer_step(&whole) == trainer_step(&second));
        }
        assert_true(trainer_digest(&whole) == trainer_digest(&second));
        trainer_fini(&whole);
        trainer_fini(&second);
    }
}

static void test_state_of_another_seed_or_text_is_refused(void **state) {
    (void)state;
    struct trainer trainer;
    start(&trainer, text, 1);
    uint64_t wanted[PROGRESS_COUNT];
    memcpy(wanted, trainer.progress, sizeof wanted);
    wanted[PROGRESS_SEED]++;
    assert_int_equal(trainer_resume(&trainer, wanted), -1);
    wanted[PROGRESS_SEED]--;
    wanted[PROGRESS_TEXT]++;
    assert_int_equal(trainer_resume(&trainer, wanted), -1);
    wanted[PROGRESS_TEXT]--;
    assert_int_equal(trainer_resume(&trainer, wanted), 0);
    trainer_fini(&trainer);
}

static void test_texts_that_are_missing_or_too_short_are_refused(void **state) {
    (void)state;
    char brief[] = "/tmp/tinylm-brief-XXXXXX";
    write_text(brief, 300);
    const char *const paths[] = {brief, "/nonexistent", "/tmp"};
    for (int i = 0; i < 3; i++) {
        const struct trainer_options options = {
            .shape = {.hidden = 12, .embed = 8, .rows = 32, .batch = 2, .length = 8},
            .text = paths[i]};
        struct trainer trainer;
        assert_int_equal(trainer_init(&trainer, &options), -1);
    }
    unlink(brief);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_seed_gives_the_same_bits_and_another_others),
        cmocka_unit_test(test_loss_falls),
        cmocka_unit_test(test_shared_lanes_give_the_gradient_of_all),
        cmocka_unit_test(test_training_goes_on_from_its_state_with_the_same_losses),
        cmocka_unit_test(test_state_of_another_seed_or_text_is_refused),
        cmocka_unit_test(test_texts_that_are_missing_or_too_short_are_refused),
    };
    write_text(text, 2000);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(text);
    return failed;
}
