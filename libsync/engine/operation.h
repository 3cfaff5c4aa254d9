/*
 * An operation: work that goes on beside the program, with progress, a result, and a place in the
 * engine's completion queue.
 */
#ifndef ENGINE_OPERATION_H
#define ENGINE_OPERATION_H

#include "engine/monitor.h"

#include <satsync/engine.h>
#include <stdbool.h>

struct satsync_operation {
    struct satsync_engine *engine;
    struct monitor *monitor; /* protects all below up to `work` */
    struct satsync_progress progress;
    struct satsync_error error;
    enum satsync_status result; /* SATSYNC_AGAIN while it runs */
    uint64_t started_ns;
    bool cancelled;

    struct satsync_operation *next_finished; /* protected by the engine's monitor, as is: */
    bool queued;

    /* What does the work; set before anybody else sees the operation. */
    void *work;
    void (*wake)(void *work); /* any thread: look at `cancelled`; may be NULL */
    void (*stop)(void *work); /* before free: ends work that only polling would end; may be NULL */
    void (*free)(void *work); /* after the end; joins threads of its own */
};

enum satsync_status operation_new(struct satsync_engine *engine,
                                  struct satsync_operation **operation) SATSYNC_MUST_CHECK;

/* The last thing the worker does with it: sets the result and queues it as finished. */
void operation_finish(struct satsync_operation *operation, enum satsync_status status,
                      const struct satsync_error *error);

bool operation_cancelled(struct satsync_operation *operation);

/* Begin and end a change of operation->progress. */
struct satsync_progress *operation_progress_lock(struct satsync_operation *operation);
void operation_progress_unlock(struct satsync_operation *operation);

#endif
