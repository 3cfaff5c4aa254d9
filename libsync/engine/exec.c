#include "engine/exec.h"

#include "engine/monitor.h"

#include <stdbool.h>
#include <stdio.h>

struct worker {
    struct exec *exec;
    size_t number;
    struct thread *thread;
};

struct exec {
    const struct allocator *allocator;
    struct monitor *monitor; /* protects head, tail and stopping */
    struct task *head;
    struct task **tail;
    bool stopping;
    size_t count; /* workers that were started */
    struct worker *workers;
};

static void worker_main(void *argument) {
    struct worker *worker = argument;
    struct exec *exec = worker->exec;
    monitor_lock(exec->monitor);
    for (;;) {
        struct task *task = exec->head;
        if (task) {
            exec->head = task->next;
            if (!exec->head) {
                exec->tail = &exec->head;
            }
            monitor_unlock(exec->monitor);
            task->run(task, worker->number);
            monitor_lock(exec->monitor);
        } else if (exec->stopping) {
            break;
        } else {
            monitor_wait(exec->monitor);
        }
    }
    monitor_unlock(exec->monitor);
}

enum satsync_status exec_new(size_t workers, const struct allocator *allocator,
                             struct exec **result) {
    *result = NULL;
    struct exec *exec = memory_new(allocator, 1, sizeof *exec);
    if (!exec) {
        return SATSYNC_NO_MEMORY;
    }
    exec->allocator = allocator;
    exec->tail = &exec->head;
    exec->monitor = monitor_new(allocator);
    exec->workers = memory_new(allocator, workers, sizeof *exec->workers);
    enum satsync_status status = exec->monitor && exec->workers ? SATSYNC_OK : SATSYNC_NO_MEMORY;
    while (status == SATSYNC_OK && exec->count < workers) {
        struct worker *worker = &exec->workers[exec->count];
        *worker = (struct worker){.exec = exec, .number = exec->count};
        char name[24];
        snprintf(name, sizeof name, "satsync-work%zu", exec->count % 1000);
        status = thread_start(&worker->thread, name, worker_main, worker, allocator);
        exec->count += status == SATSYNC_OK;
    }
    if (status != SATSYNC_OK) {
        exec_free(exec);
        return status;
    }
    *result = exec;
    return SATSYNC_OK;
}

void exec_free(struct exec *exec) {
    if (!exec) {
        return;
    }
    if (exec->monitor) {
        monitor_lock(exec->monitor);
        exec->stopping = true;
        monitor_wake_all(exec->monitor);
        monitor_unlock(exec->monitor);
    }
    for (size_t i = 0; i < exec->count; i++) {
        thread_join(exec->workers[i].thread, exec->allocator);
    }
    monitor_free(exec->monitor, exec->allocator);
    memory_free(exec->allocator, exec->workers);
    memory_free(exec->allocator, exec);
}

size_t exec_workers(const struct exec *exec) {
    return exec->count ? exec->count : 1;
}

void exec_submit(struct exec *exec, struct task *task) {
    if (exec->count == 0) {
        task->run(task, 0);
        return;
    }
    monitor_lock(exec->monitor);
    task->next = NULL;
    *exec->tail = task;
    exec->tail = &task->next;
    monitor_wake_all(exec->monitor);
    monitor_unlock(exec->monitor);
}
