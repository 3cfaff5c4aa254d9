/*
 * The engine: budget, worker threads and the queue from which completions are pulled.
 *
 * A program opens one engine (or several; there is no global state), opens stores on it, and starts
 * operations. Blocking calls return when they are done; operations (struct satsync_operation) run
 * beside the program and are found finished in one queue with one pollable descriptor. The library
 * never calls the program back, apart from the log and the allocator.
 */
#ifndef SATSYNC_ENGINE_H
#define SATSYNC_ENGINE_H

#include <satsync/status.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

struct satsync_engine;
struct satsync_operation;

enum satsync_log_level {
    SATSYNC_LOG_ERROR,
    SATSYNC_LOG_WARNING,
    SATSYNC_LOG_INFO,
    SATSYNC_LOG_DEBUG
};

/* All zero means the defaults. A longer struct of a newer header is accepted while the part that
 * this library does not know is zero. */
struct satsync_engine_options {
    size_t size;      /* of this struct; set by satsync_engine_options_init */
    uint32_t workers; /* threads that code and seal; 0: one per core, at most 16 */
    /* Not 0: no threads at all. Work is done inside the calls and in satsync_engine_poll, which
     * drives pushes, pulls and serves over an emulated link; waiting for an operation polls once.
     */
    uint32_t manual;
    uint64_t memory_bytes; /* staging for saves and restores, at least 8 MiB; 0: 256 MiB */
    /* Leaf sinks: any thread may call them, they must not call satsync. NULL: libc, no log. */
    void *(*allocate)(void *context, size_t bytes);
    void (*release)(void *context, void *memory);
    void *allocate_context;
    void (*log)(void *context, enum satsync_log_level level, const char *line);
    void *log_context;
    enum satsync_log_level log_level;
    /* For the links of all pushes, pulls, serves and groups together, at least 128 MiB; 0: 4 GiB.
     * Each is counted with the most that it ever uses, about 100 MiB: one more is refused when that
     * is not left. */
    uint64_t link_memory_bytes;
};

static inline void satsync_engine_options_init(struct satsync_engine_options *options) {
    memset(options, 0, sizeof *options);
    options->size = sizeof *options;
}

/* Any thread. options may be NULL. On failure *engine is NULL. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_engine_open(const struct satsync_engine_options *options, struct satsync_engine **engine,
                    struct satsync_error *error);

/* Cancels what runs, joins all threads, frees. Stores must be closed and operations freed before.
 * NULL is fine. In a forked child an engine cannot be used: calls abort with a sentence. */
SATSYNC_API void satsync_engine_close(struct satsync_engine *engine);

/* Readable while a finished operation waits to be polled. Owned by the engine. */
SATSYNC_API int satsync_engine_fd(const struct satsync_engine *engine);

/* Any thread. The next finished operation, each once, or NULL. Never blocks; with `manual` it also
 * does a bounded piece of the work. */
SATSYNC_API struct satsync_operation *satsync_engine_poll(struct satsync_engine *engine);

/* What an operation is doing now, in the words an operator reads. */
enum satsync_activity {
    SATSYNC_ACTIVITY_STARTING,
    SATSYNC_ACTIVITY_CODING,    /* compressing, sealing, writing; or back */
    SATSYNC_ACTIVITY_SENDING,   /* new bytes cross the link */
    SATSYNC_ACTIVITY_REPAIRING, /* lost bytes cross it again */
    SATSYNC_ACTIVITY_WAITING,   /* for the link to come back */
    SATSYNC_ACTIVITY_RECEIVING,
    SATSYNC_ACTIVITY_VERIFYING,
    SATSYNC_ACTIVITY_DONE
};

struct satsync_progress {
    enum satsync_activity activity;
    uint64_t done_bytes;     /* of the work as a whole, of total_bytes */
    uint64_t total_bytes;    /* 0 until known */
    uint64_t elapsed_ns;     /* since the start, or until the end */
    uint64_t raw_bytes;      /* save: tensor bytes put */
    uint64_t stored_bytes;   /* save: bytes written to the store */
    uint64_t present_bytes;  /* push, pull: bytes the receiver already had */
    uint64_t wire_bytes;     /* push, pull: UDP payload, both ways, everything included */
    uint64_t payload_bytes;  /* push: message bytes sent for the first time */
    uint64_t repeated_bytes; /* push: message bytes sent again after loss */
    uint64_t repair_bytes;   /* push: repair symbols */
    uint64_t rate_bps;       /* push, pull: the pace now, IP bits a second */
    uint64_t smoothed_rtt_ns;
    uint64_t min_rtt_ns;
    uint64_t loss_ppm;
    uint64_t sending_ns; /* where a push's time went; the five sum to elapsed_ns less local work */
    uint64_t repairing_ns;
    uint64_t waiting_ns;
    uint64_t idle_ns;
    uint64_t connecting_ns;
};

/* Any thread. */
SATSYNC_API void satsync_operation_progress(const struct satsync_operation *operation,
                                            struct satsync_progress *progress);

/* Any thread. SATSYNC_AGAIN while it runs; then its result, with detail in *error. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_operation_result(const struct satsync_operation *operation, struct satsync_error *error);

/* Any thread. Blocks for the end or for timeout_ns (UINT64_MAX: no limit), then as result. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_operation_wait(struct satsync_operation *operation, uint64_t timeout_ns,
                       struct satsync_error *error);

/* Any thread. Asks it to end soon with SATSYNC_CANCELLED; what is resumable stays so. */
SATSYNC_API void satsync_operation_cancel(struct satsync_operation *operation);

/* Any thread. Of a running operation: cancels it and waits. NULL is fine. */
SATSYNC_API void satsync_operation_free(struct satsync_operation *operation);

/* "0.1.0". Pure. */
SATSYNC_API const char *satsync_version(void);

#ifdef __cplusplus
}
#endif
#endif
