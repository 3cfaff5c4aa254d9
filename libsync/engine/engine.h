/*
 * The engine's own view of itself; see <satsync/engine.h> for the contract.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "base/budget.h"
#include "codec/seal.h"
#include "engine/exec.h"
#include "engine/monitor.h"
#include "engine/ports.h"

#include <satsync/engine.h>

enum { ENGINE_SCRATCHES = 32, ENGINE_STAGING_KEPT = 512 };

/* One chunk's buffers; see staging.h. */
struct staging {
    uint8_t *raw;    /* room for a chunk */
    uint8_t *sealed; /* room for it coded and sealed */
};

struct codec_scratch;
struct job;

struct satsync_engine {
    struct engine_ports ports;
    struct allocator allocator_storage;
    const struct allocator *allocator; /* NULL: libc */
    struct log log_storage;
    const struct log *log;
    void (*log_line)(void *context, enum satsync_log_level level, const char *line);
    void *log_context;
    uint64_t memory_bytes;
    struct budget link_memory; /* of all links together */
    bool manual;
    long owner_process;             /* a forked child has another */
    enum seal_library seal_library; /* measured when it was opened */
    struct exec *exec;
    struct job *polled; /* manual mode: what satsync_engine_poll works on */

    struct monitor *monitor; /* protects all below */
    struct satsync_operation *finished_head;
    struct satsync_operation **finished_tail;
    size_t operations; /* not yet freed */
    int event_fd;
    struct codec_scratch *scratches[ENGINE_SCRATCHES]; /* idle ones; see scratch.h */
    size_t scratch_count;
    struct staging staging[ENGINE_STAGING_KEPT]; /* kept for the next save */
    size_t staging_kept;
};

/* What satsync_engine_open does, with the ports of the caller's choice. */
enum satsync_status engine_open(const struct satsync_engine_options *options,
                                const struct engine_ports *ports, struct satsync_engine **engine,
                                struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Aborts with a sentence in a forked child: threads and locks did not survive the fork. */
void engine_check_process(const struct satsync_engine *engine);

void engine_queue_finished(struct satsync_engine *engine, struct satsync_operation *operation);
void engine_forget(struct satsync_engine *engine, struct satsync_operation *operation);

/* SATSYNC_OK when a caller's options struct of `given` bytes can be read as one of `known` bytes:
 * a longer one must be zero beyond it. `what` names the struct in the error. */
enum satsync_status options_size_check(const void *options, size_t given, size_t known,
                                       const char *what,
                                       struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
