#include "engine/job.h"

#include "base/check.h"

static void run(void *argument) {
    struct job *job = argument;
    struct satsync_error error = {0};
    enum satsync_status status = job->run(job, &error);
    operation_finish(job->operation, status, &error);
}

static void wake(void *work) {
    struct job *job = work;
    if (job->wake) {
        job->wake(job);
    }
}

static void free_job(void *work) {
    struct job *job = work;
    thread_join(job->thread, job->operation->engine->allocator);
    job->free(job);
}

enum satsync_status job_start(struct satsync_engine *engine, struct job *job, const char *name,
                              struct satsync_operation **result, struct satsync_error *error) {
    *result = NULL;
    struct satsync_operation *operation;
    enum satsync_status status = operation_new(engine, &operation);
    if (status != SATSYNC_OK) {
        job->free(job);
        return error_set(error, status, name, "out of memory");
    }
    job->operation = operation;
    operation->work = job;
    operation->wake = wake;
    operation->free = free_job;
    if (engine->manual) {
        run(job);
    } else {
        status = thread_start(&job->thread, name, run, job, engine->allocator);
    }
    if (status != SATSYNC_OK) {
        operation_finish(operation, status, NULL);
        satsync_operation_free(operation);
        return error_set(error, status, name, "cannot start a thread; raise the limits");
    }
    *result = operation;
    return SATSYNC_OK;
}
