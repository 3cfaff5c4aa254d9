/*
 * Worker threads that run tasks, first in first out. With no workers (manual mode) tasks run inside
 * exec_submit, on the caller's thread. Any thread may submit.
 */
#ifndef ENGINE_EXEC_H
#define ENGINE_EXEC_H

#include "base/memory.h"

#include <satsync/status.h>
#include <stddef.h>

struct exec;

/* Embedded in what the task works on; untouched by exec once `run` is called, so `run` may free it.
 * `worker` numbers the running worker from 0, for per-worker scratch. */
struct task {
    void (*run)(struct task *task, size_t worker);
    struct task *next;
};

enum satsync_status exec_new(size_t workers, const struct allocator *allocator,
                             struct exec **exec) SATSYNC_MUST_CHECK;

/* Waits for all submitted tasks, then joins the threads. */
void exec_free(struct exec *exec);

/* Number of different `worker` values, at least 1. */
size_t exec_workers(const struct exec *exec);

void exec_submit(struct exec *exec, struct task *task);

#endif
