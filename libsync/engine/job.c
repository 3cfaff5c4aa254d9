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

static void leave_polled(struct satsync_engine *engine, struct job *job) {
    struct job **at = &engine->polled;
    while (*at != job) {
        at = &(*at)->next_polled;
    }
    *at = job->next_polled;
    job->polled = false;
}

static void enter_polled(struct satsync_engine *engine, struct job *job) {
    job->next_polled = engine->polled;
    engine->polled = job;
    job->polled = true;
}

void job_poll_all(struct satsync_engine *engine) {
    struct job *next;
    for (struct job *job = engine->polled; job; job = next) {
        next = job->next_polled;
        struct satsync_error error = {0};
        enum satsync_status status = job->poll(job, &error);
        if (status != SATSYNC_AGAIN) {
            leave_polled(engine, job);
            operation_finish(job->operation, status, &error);
        }
    }
}

/* Nobody else would bring a polled job to its end while its caller waits for it. */
static void stop_polled(void *work) {
    struct job *job = work;
    if (job->polled) {
        leave_polled(job->operation->engine, job);
        job->abandon(job);
        operation_finish(job->operation, SATSYNC_CANCELLED, NULL);
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
    operation->stop = stop_polled;
    if (engine->manual && job->poll) {
        enter_polled(engine, job);
    } else if (engine->manual) {
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
