/*
 * A job: an operation whose work is one function that runs to its end on a thread of its own; in
 * manual mode inside the call that starts it.
 */
#ifndef ENGINE_JOB_H
#define ENGINE_JOB_H

#include "engine/engine.h"
#include "engine/operation.h"

struct job {
    struct satsync_operation *operation;
    /* Sets *error on failure. */
    enum satsync_status (*run)(struct job *job, struct satsync_error *error);
    /* In manual mode, when not NULL, instead of `run`: one bounded piece; SATSYNC_AGAIN while there
     * is more to do. */
    enum satsync_status (*poll)(struct job *job, struct satsync_error *error);
    /* Ends a job that is polled, at once. */
    void (*abandon)(struct job *job);
    /* Frees what embeds the job; called once, after the end. */
    void (*free)(struct job *job);
    /* Any thread: the operation was cancelled; may be NULL. */
    void (*wake)(struct job *job);
    struct thread *thread;
    struct job *next_polled;
    bool polled; /* in the engine's list */
};

/* Polls every job of the engine once; for manual mode. */
void job_poll_all(struct satsync_engine *engine);

/* Starts the job as an operation. On failure the job is freed and *operation is NULL. */
enum satsync_status job_start(struct satsync_engine *engine, struct job *job, const char *name,
                              struct satsync_operation **operation,
                              struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
