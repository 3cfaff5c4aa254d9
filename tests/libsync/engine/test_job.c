#include "engine/job.h"

#include "base/check.h"
#include "support/cmocka.h"
#include "support/engine_world.h"

struct counted {
    struct job job;
    int runs;
    int polls;
    int frees;
    int abandons;
    int polls_wanted;
};

static enum satsync_status run(struct job *job, struct satsync_error *error) {
    ((struct counted *)job)->runs++;
    return error_set(error, SATSYNC_IO, "disk", "it failed");
}

static enum satsync_status poll_job(struct job *job, struct satsync_error *error) {
    struct counted *counted = (struct counted *)job;
    (void)error;
    return ++counted->polls < counted->polls_wanted ? SATSYNC_AGAIN : SATSYNC_OK;
}

static void free_job(struct job *job) {
    ((struct counted *)job)->frees++;
}

static void abandon(struct job *job) {
    ((struct counted *)job)->abandons++;
}

static void open_manual(struct engine_world *world) {
    struct satsync_engine_options options;
    satsync_engine_options_init(&options);
    options.manual = 1;
    engine_world_open(world, &options);
}

static void test_job_runs_to_its_result_and_is_freed_once(void **state) {
    struct engine_world *world = *state;
    struct counted counted = {.job = {.run = run, .free = free_job}};
    struct satsync_operation *operation;
    struct satsync_error error = {0};
    assert_int_equal(job_start(world->engine, &counted.job, "job", &operation, &error), SATSYNC_OK);
    assert_int_equal(satsync_operation_wait(operation, UINT64_MAX, &error), SATSYNC_IO);
    assert_string_equal(error.subject, "disk");
    satsync_operation_free(operation);
    assert_int_equal(counted.runs, 1);
    assert_int_equal(counted.frees, 1);
}

static void test_manual_engine_runs_it_inside_the_call(void **state) {
    (void)state;
    struct engine_world world;
    open_manual(&world);
    struct counted counted = {.job = {.run = run, .free = free_job}};
    struct satsync_operation *operation;
    assert_int_equal(job_start(world.engine, &counted.job, "job", &operation, NULL), SATSYNC_OK);
    assert_int_equal(counted.runs, 1);
    assert_int_equal(satsync_operation_result(operation, NULL), SATSYNC_IO);
    satsync_operation_free(operation);
    engine_world_close(&world);
}

static void test_manual_engine_polls_what_can_be_polled(void **state) {
    (void)state;
    struct engine_world world;
    open_manual(&world);
    struct counted counted = {
        .job = {.run = run, .poll = poll_job, .abandon = abandon, .free = free_job},
        .polls_wanted = 3};
    struct satsync_operation *operation;
    assert_int_equal(job_start(world.engine, &counted.job, "job", &operation, NULL), SATSYNC_OK);
    assert_int_equal(counted.polls, 0);
    assert_null(satsync_engine_poll(world.engine));
    assert_int_equal(satsync_operation_wait(operation, UINT64_MAX, NULL), SATSYNC_AGAIN);
    assert_ptr_equal(satsync_engine_poll(world.engine), operation);
    assert_int_equal(counted.polls, 3);
    assert_int_equal(counted.runs, 0);
    satsync_operation_free(operation);
    assert_int_equal(counted.abandons, 0);
    engine_world_close(&world);
}

static void test_polled_job_is_abandoned_when_freed_early(void **state) {
    (void)state;
    struct engine_world world;
    open_manual(&world);
    struct counted counted = {
        .job = {.run = run, .poll = poll_job, .abandon = abandon, .free = free_job},
        .polls_wanted = 100};
    struct satsync_operation *operation;
    assert_int_equal(job_start(world.engine, &counted.job, "job", &operation, NULL), SATSYNC_OK);
    assert_null(satsync_engine_poll(world.engine));
    satsync_operation_free(operation);
    assert_int_equal(counted.abandons, 1);
    assert_int_equal(counted.frees, 1);
    assert_null(satsync_engine_poll(world.engine));
    engine_world_close(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_job_runs_to_its_result_and_is_freed_once,
                                        engine_world_setup, engine_world_teardown),
        cmocka_unit_test(test_manual_engine_runs_it_inside_the_call),
        cmocka_unit_test(test_manual_engine_polls_what_can_be_polled),
        cmocka_unit_test(test_polled_job_is_abandoned_when_freed_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
