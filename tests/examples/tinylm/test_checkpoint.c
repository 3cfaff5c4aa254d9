/* Links libsatsync as tinylm does, not the folders behind it. */
#include "examples/tinylm/checkpoint.h"

#include "examples/tinylm/dump.h"
#include "tiny_training.h"

#include <satsync/checkpoint.h>
#include <satsync/engine.h>
#include <satsync/key.h>
#include <string.h>

static char text[] = "/tmp/tinylm-test-XXXXXX";
static char folder[] = "/tmp/tinylm-save-XXXXXX";
static char key[128];
static char store[128];

static void keep_step(struct saver *saver, struct trainer *trainer) {
    struct state_tensor tensors[STATE_TENSORS];
    trainer_state(trainer, tensors);
    uint64_t step = trainer->progress[PROGRESS_STEP];
    assert_int_equal(saver_save(saver, step, tensors), 0);
    assert_int_equal(dump_write(folder, step, tensors), 0);
}

/* Steps 1 to 40 with a save every tenth; returns the losses. */
static void train_and_save(double losses[40], uint64_t *digest) {
    struct trainer trainer;
    struct saver saver;
    start(&trainer, text, 1);
    assert_int_equal(saver_open(&saver, store, key), 0);
    saver.quiet = 1;
    for (int step = 1; step <= 40; step++) {
        losses[step - 1] = trainer_step(&trainer);
        assert_int_equal(saver_poll(&saver), 0);
        if (step % 10 == 0) {
            keep_step(&saver, &trainer);
        }
    }
    assert_int_equal(saver_finish(&saver), 0);
    assert_int_equal(saver.saves, 4);
    *digest = trainer_digest(&trainer);
    saver_close(&saver);
    trainer_fini(&trainer);
}

static void test_training_goes_on_from_every_checkpoint_with_the_same_losses(void **state) {
    (void)state;
    double losses[40];
    uint64_t digest;
    train_and_save(losses, &digest);
    for (uint64_t from = 10; from <= 40; from += 10) {
        struct trainer trainer;
        struct saver saver;
        start(&trainer, text, 1);
        struct state_tensor tensors[STATE_TENSORS];
        trainer_state(&trainer, tensors);
        uint64_t wanted[PROGRESS_COUNT];
        memcpy(wanted, trainer.progress, sizeof wanted);
        assert_int_equal(saver_open(&saver, store, key), 0);
        assert_int_equal(saver_load(&saver, from, tensors), 0);
        saver_close(&saver);
        assert_int_equal(trainer_resume(&trainer, wanted), 0);
        for (uint64_t step = from; step < 40; step++) {
            assert_true(trainer_step(&trainer) == losses[step]);
        }
        assert_true(trainer_digest(&trainer) == digest);
        trainer_fini(&trainer);
    }
}

static void assert_same_file(const char *left, const char *right) {
    FILE *a = fopen(left, "rb");
    FILE *b = fopen(right, "rb");
    assert_true(a && b);
    int byte;
    do {
        byte = fgetc(a);
        assert_int_equal(byte, fgetc(b));
    } while (byte != EOF);
    fclose(a);
    fclose(b);
}

static void test_restored_file_equals_the_dump(void **state) {
    (void)state;
    struct saver saver;
    assert_int_equal(saver_open(&saver, store, key), 0);
    char restored[128];
    char dump[128];
    snprintf(restored, sizeof restored, "%s/restored.safetensors", folder);
    snprintf(dump, sizeof dump, "%s/step-00000020.safetensors", folder);
    struct satsync_restore_options options;
    satsync_restore_options_init(&options);
    options.step = 20;
    options.output = restored;
    struct satsync_operation *operation = NULL;
    assert_int_equal(satsync_restore_files(saver.store, &options, &operation, NULL), SATSYNC_OK);
    assert_int_equal(satsync_operation_wait(operation, UINT64_MAX, NULL), SATSYNC_OK);
    satsync_operation_free(operation);
    assert_same_file(restored, dump);
    saver_close(&saver);
}

static void test_save_that_is_due_waits_for_the_one_that_runs(void **state) {
    (void)state;
    struct trainer trainer;
    struct saver saver;
    start(&trainer, text, 1);
    struct state_tensor tensors[STATE_TENSORS];
    trainer_state(&trainer, tensors);
    assert_int_equal(saver_open(&saver, store, key), 0);
    saver.quiet = 1;
    assert_int_equal(saver_save(&saver, 1000, tensors), 0);
    assert_int_equal(saver_save(&saver, 1001, tensors), 0);
    assert_int_equal(saver.saves, 1);
    assert_true(saver.waited_ns > 0);
    assert_int_equal(saver_load(&saver, 1000, tensors), 0);
    assert_int_equal(saver_finish(&saver), 0);
    assert_int_equal(saver_load(&saver, 1001, tensors), 0);
    saver_close(&saver);
    trainer_fini(&trainer);
}

static void test_what_does_not_fit_is_refused(void **state) {
    (void)state;
    struct trainer trainer;
    struct saver saver;
    start(&trainer, text, 1);
    struct state_tensor tensors[STATE_TENSORS];
    trainer_state(&trainer, tensors);
    assert_int_equal(saver_open(&saver, store, key), 0);
    assert_int_equal(saver_load(&saver, 15, tensors), SATSYNC_CLASS_USAGE);
    tensors[3].shape[0]++;
    assert_int_equal(saver_load(&saver, 20, tensors), SATSYNC_CLASS_USAGE);
    trainer_state(&trainer, tensors);
    saver.quiet = 1;
    int failed = saver_save(&saver, 20, tensors);
    failed = failed ? failed : saver_finish(&saver);
    assert_int_equal(failed, SATSYNC_CLASS_USAGE);
    saver_close(&saver);
    assert_int_equal(saver_open(&saver, store, text), SATSYNC_CLASS_USAGE);
    trainer_fini(&trainer);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_training_goes_on_from_every_checkpoint_with_the_same_losses),
        cmocka_unit_test(test_restored_file_equals_the_dump),
        cmocka_unit_test(test_save_that_is_due_waits_for_the_one_that_runs),
        cmocka_unit_test(test_what_does_not_fit_is_refused),
    };
    write_text(text, 2000);
    if (!mkdtemp(folder)) {
        return 1;
    }
    snprintf(key, sizeof key, "%s/site.key", folder);
    snprintf(store, sizeof store, "%s/run.store", folder);
    struct satsync_error error;
    if (satsync_key_generate(key, NULL, &error) != SATSYNC_OK) {
        fprintf(stderr, "%s: %s\n", error.subject, error.message);
        return 1;
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    char command[160];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    failed |= system(command);
    unlink(text);
    return failed;
}
