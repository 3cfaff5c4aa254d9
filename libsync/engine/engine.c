#include "engine/engine.h"

#include "base/check.h"
#include "engine/job.h"
#include "engine/operation.h"
#include "engine/scratch.h"
#include "engine/staging.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define LINK_MEMORY_BYTES (UINT64_C(4) << 30)
#define LEAST_LINK_MEMORY_BYTES (UINT64_C(128) << 20)

enum { DEFAULT_MEMORY_BYTES = 256 << 20, LEAST_MEMORY_BYTES = 8 << 20, MOST_WORKERS = 16 };

enum satsync_status options_size_check(const void *options, size_t given, size_t known,
                                       const char *what, struct satsync_error *error) {
    ENSURE(given >= sizeof given, error, SATSYNC_INVALID, what,
           "its size field is %zu; call the struct's _init function first", given);
    const unsigned char *bytes = options;
    for (size_t i = known; i < given; i++) {
        ENSURE(
            bytes[i] == 0, error, SATSYNC_UNSUPPORTED, what,
            "it sets an option that this version of the library does not know; link a newer one");
    }
    return SATSYNC_OK;
}

static void log_forward(void *context, enum log_level level, const char *line) {
    struct satsync_engine *engine = context;
    engine->log_line(engine->log_context, (enum satsync_log_level)level, line);
}

static enum satsync_status configure(struct satsync_engine *engine,
                                     const struct satsync_engine_options *options,
                                     struct satsync_error *error) {
    engine->memory_bytes = options->memory_bytes ? options->memory_bytes : DEFAULT_MEMORY_BYTES;
    ENSURE(engine->memory_bytes >= LEAST_MEMORY_BYTES, error, SATSYNC_INVALID, "memory_bytes",
           "%llu bytes are too few; give at least 8 MiB", (unsigned long long)engine->memory_bytes);
    uint64_t links = options->link_memory_bytes ? options->link_memory_bytes : LINK_MEMORY_BYTES;
    ENSURE(links >= LEAST_LINK_MEMORY_BYTES, error, SATSYNC_INVALID, "link_memory_bytes",
           "%llu bytes are too few for one link; give at least 128 MiB", (unsigned long long)links);
    budget_init(&engine->link_memory, links);
    ENSURE(!options->allocate == !options->release, error, SATSYNC_INVALID, "allocate",
           "allocate and release must be set together");
    if (options->allocate) {
        engine->allocator_storage =
            (struct allocator){options->allocate, options->release, options->allocate_context};
        engine->allocator = &engine->allocator_storage;
    }
    if (options->log) {
        engine->log_line = options->log;
        engine->log_context = options->log_context;
        engine->log_storage = (struct log){log_forward, engine, (enum log_level)options->log_level};
        engine->log = &engine->log_storage;
    }
    return SATSYNC_OK;
}

static enum satsync_status start(struct satsync_engine *engine,
                                 const struct satsync_engine_options *options,
                                 struct satsync_error *error) {
    TRY(seal_ready(error));
    engine->seal_library = seal_fastest(engine->ports.now_ns);
    engine->manual = options->manual != 0;
    engine->monitor = monitor_new(engine->allocator);
    ENSURE(engine->monitor, error, SATSYNC_NO_MEMORY, "engine", "out of memory");
    engine->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    ENSURE(engine->event_fd >= 0, error, SATSYNC_LIMIT, "engine",
           "no eventfd; raise the limit of open files");
    size_t workers = options->workers ? options->workers : engine->ports.cores();
    workers = workers > MOST_WORKERS ? MOST_WORKERS : workers;
    enum satsync_status status =
        exec_new(options->manual ? 0 : workers, engine->allocator, &engine->exec);
    ENSURE(status == SATSYNC_OK, error, status, "engine",
           "cannot start %zu worker threads; lower `workers` or raise the limits", workers);
    return SATSYNC_OK;
}

enum satsync_status engine_open(const struct satsync_engine_options *options,
                                const struct engine_ports *ports, struct satsync_engine **result,
                                struct satsync_error *error) {
    *result = NULL;
    struct satsync_engine_options chosen;
    satsync_engine_options_init(&chosen);
    if (options) {
        TRY(options_size_check(options, options->size, sizeof chosen, "engine options", error));
        size_t known = options->size < sizeof chosen ? options->size : sizeof chosen;
        memcpy(&chosen, options, known);
    }
    struct satsync_engine *engine = calloc(1, sizeof *engine);
    ENSURE(engine, error, SATSYNC_NO_MEMORY, "engine", "out of memory");
    engine->ports = *ports;
    engine->owner_process = (long)getpid();
    engine->event_fd = -1;
    engine->finished_tail = &engine->finished_head;
    enum satsync_status status = configure(engine, &chosen, error);
    if (status == SATSYNC_OK) {
        status = start(engine, &chosen, error);
    }
    if (status != SATSYNC_OK) {
        satsync_engine_close(engine);
        return status;
    }
    *result = engine;
    return SATSYNC_OK;
}

void engine_check_process(const struct satsync_engine *engine) {
    if (engine->owner_process != (long)getpid()) {
        fputs("satsync: an engine cannot be used in a forked child; open a new one there\n",
              stderr);
        abort();
    }
}

void satsync_engine_close(struct satsync_engine *engine) {
    if (!engine) {
        return;
    }
    engine_check_process(engine);
    assert(engine->operations == 0); /* operations are freed before their engine */
    exec_free(engine->exec);
    scratch_free_all(engine);
    staging_free_all(engine);
    monitor_free(engine->monitor, engine->allocator);
    if (engine->event_fd >= 0) {
        close(engine->event_fd);
    }
    free(engine);
}

int satsync_engine_fd(const struct satsync_engine *engine) {
    return engine->event_fd;
}

void engine_queue_finished(struct satsync_engine *engine, struct satsync_operation *operation) {
    monitor_lock(engine->monitor);
    operation->queued = true;
    operation->next_finished = NULL;
    *engine->finished_tail = operation;
    engine->finished_tail = &operation->next_finished;
    uint64_t one = 1;
    ssize_t written = write(engine->event_fd, &one, sizeof one);
    (void)written; /* a full counter is readable as well */
    monitor_unlock(engine->monitor);
}

/* Takes one operation out of the queue; the engine's monitor is held. */
static void unqueue(struct satsync_engine *engine, struct satsync_operation *operation) {
    struct satsync_operation **at = &engine->finished_head;
    while (*at != operation) {
        at = &(*at)->next_finished;
    }
    *at = operation->next_finished;
    if (!*at) {
        engine->finished_tail = at;
    }
    operation->queued = false;
    if (!engine->finished_head) {
        uint64_t count;
        ssize_t drained = read(engine->event_fd, &count, sizeof count);
        (void)drained;
    }
}

struct satsync_operation *satsync_engine_poll(struct satsync_engine *engine) {
    engine_check_process(engine);
    job_poll_all(engine);
    monitor_lock(engine->monitor);
    struct satsync_operation *operation = engine->finished_head;
    if (operation) {
        unqueue(engine, operation);
    }
    monitor_unlock(engine->monitor);
    if (operation) {
        /* operation_finish queues before it sets the result: wait for that last step. */
        enum satsync_status ended = satsync_operation_wait(operation, UINT64_MAX, NULL);
        assert(ended != SATSYNC_AGAIN);
    }
    return operation;
}

void engine_forget(struct satsync_engine *engine, struct satsync_operation *operation) {
    monitor_lock(engine->monitor);
    if (operation->queued) {
        unqueue(engine, operation);
    }
    engine->operations--;
    monitor_unlock(engine->monitor);
}
