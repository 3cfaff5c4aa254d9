#include "engine/operation.h"

#include "base/check.h"
#include "base/timers.h"
#include "engine/engine.h"
#include "engine/job.h"

enum satsync_status operation_new(struct satsync_engine *engine,
                                  struct satsync_operation **result) {
    *result = NULL;
    engine_check_process(engine);
    struct satsync_operation *operation = memory_new(engine->allocator, 1, sizeof *operation);
    struct monitor *monitor = monitor_new(engine->allocator);
    if (!operation || !monitor) {
        memory_free(engine->allocator, operation);
        monitor_free(monitor, engine->allocator);
        return SATSYNC_NO_MEMORY;
    }
    operation->engine = engine;
    operation->monitor = monitor;
    operation->result = SATSYNC_AGAIN;
    operation->started_ns = engine->ports.now_ns();
    monitor_lock(engine->monitor);
    engine->operations++;
    monitor_unlock(engine->monitor);
    *result = operation;
    return SATSYNC_OK;
}

void operation_finish(struct satsync_operation *operation, enum satsync_status status,
                      const struct satsync_error *error) {
    assert(status != SATSYNC_AGAIN);
    struct satsync_engine *engine = operation->engine;
    /* Queued first: whoever sees the result may free the operation at once. */
    engine_queue_finished(engine, operation);
    monitor_lock(operation->monitor);
    assert(operation->result == SATSYNC_AGAIN);
    if (error) {
        operation->error = *error;
    }
    operation->error.status = status;
    operation->progress.activity = SATSYNC_ACTIVITY_DONE;
    operation->progress.elapsed_ns = engine->ports.now_ns() - operation->started_ns;
    operation->result = status;
    monitor_wake_all(operation->monitor);
    monitor_unlock(operation->monitor);
}

bool operation_cancelled(struct satsync_operation *operation) {
    monitor_lock(operation->monitor);
    bool cancelled = operation->cancelled;
    monitor_unlock(operation->monitor);
    return cancelled;
}

struct satsync_progress *operation_progress_lock(struct satsync_operation *operation) {
    monitor_lock(operation->monitor);
    return &operation->progress;
}

void operation_progress_unlock(struct satsync_operation *operation) {
    monitor_unlock(operation->monitor);
}

void satsync_operation_progress(const struct satsync_operation *operation,
                                struct satsync_progress *progress) {
    monitor_lock(operation->monitor);
    *progress = operation->progress;
    if (operation->result == SATSYNC_AGAIN) {
        progress->elapsed_ns = operation->engine->ports.now_ns() - operation->started_ns;
    }
    monitor_unlock(operation->monitor);
}

enum satsync_status satsync_operation_result(const struct satsync_operation *operation,
                                             struct satsync_error *error) {
    monitor_lock(operation->monitor);
    enum satsync_status result = operation->result;
    if (error && result != SATSYNC_AGAIN) {
        *error = operation->error;
    }
    monitor_unlock(operation->monitor);
    return result;
}

enum satsync_status satsync_operation_wait(struct satsync_operation *operation, uint64_t timeout_ns,
                                           struct satsync_error *error) {
    engine_check_process(operation->engine);
    uint64_t until_ns;
    if (__builtin_add_overflow(operation->engine->ports.now_ns(), timeout_ns, &until_ns)) {
        until_ns = TIME_NEVER;
    }
    if (operation->engine->manual) {
        job_poll_all(operation->engine); /* nobody works meanwhile: waiting would never end */
        return satsync_operation_result(operation, error);
    }
    monitor_lock(operation->monitor);
    bool in_time = true;
    while (operation->result == SATSYNC_AGAIN && in_time) {
        if (until_ns == TIME_NEVER) {
            monitor_wait(operation->monitor);
        } else {
            in_time = monitor_wait_until(operation->monitor, until_ns);
        }
    }
    monitor_unlock(operation->monitor);
    return satsync_operation_result(operation, error);
}

void satsync_operation_cancel(struct satsync_operation *operation) {
    monitor_lock(operation->monitor);
    operation->cancelled = true;
    bool running = operation->result == SATSYNC_AGAIN;
    monitor_unlock(operation->monitor);
    if (running && operation->wake) {
        operation->wake(operation->work);
    }
}

void satsync_operation_free(struct satsync_operation *operation) {
    if (!operation) {
        return;
    }
    struct satsync_engine *engine = operation->engine;
    engine_check_process(engine);
    satsync_operation_cancel(operation);
    if (operation->stop) {
        operation->stop(operation->work);
    }
    enum satsync_status ended = satsync_operation_wait(operation, TIME_NEVER, NULL);
    assert(ended != SATSYNC_AGAIN);
    if (operation->free) {
        operation->free(operation->work);
    }
    engine_forget(engine, operation);
    monitor_free(operation->monitor, engine->allocator);
    memory_free(engine->allocator, operation);
}
