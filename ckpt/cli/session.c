#include "ckpt/cli/session.h"

#include "ckpt/cli/interrupt.h"
#include "ckpt/cli/progress.h"
#include "ckpt/cli/text.h"

#include <time.h>

/* How long a signal may go unnoticed. */
enum { SIGNAL_NOTICED_NS = 100000000, LOG_LINE_BYTES = 1024 };

uint64_t session_now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Called by any of the library's threads: one fprintf, which stdio does whole. */
static void log_line(void *context, enum satsync_log_level level, const char *line) {
    static const char *const words[] = {"error", "warning", "info", "debug"};
    struct output *output = context;
    char clean[LOG_LINE_BYTES];
    text_clean(clean, sizeof clean, line);
    fprintf(output->err, "%ssatsync: %s: %s\n", output->color ? "\r\033[K" : "",
            words[level <= SATSYNC_LOG_DEBUG ? level : SATSYNC_LOG_DEBUG], clean);
}

enum satsync_status session_open_engine(struct session *session, struct cli *cli,
                                        struct satsync_error *error) {
    *session = (struct session){.cli = cli};
    const struct arguments *arguments = &cli->arguments;
    struct satsync_engine_options options;
    satsync_engine_options_init(&options);
    options.memory_bytes = arguments_value(arguments, OPTION_MEMORY);
    options.workers = (uint32_t)arguments_value(arguments, OPTION_WORKERS);
    options.link_memory_bytes = arguments_value(arguments, OPTION_LINK_MEMORY);
    options.log = log_line;
    options.log_context = &cli->output;
    options.log_level = cli->output.verbose ? SATSYNC_LOG_DEBUG
                        : cli->output.quiet ? SATSYNC_LOG_ERROR
                                            : SATSYNC_LOG_WARNING;
    enum satsync_status status = satsync_engine_open(&options, &session->engine, error);
    const char *key_path = arguments_text(arguments, OPTION_KEY);
    if (status == SATSYNC_OK && key_path) {
        status = satsync_key_load(key_path, &session->key, error);
    }
    return status;
}

enum satsync_status session_open(struct session *session, struct cli *cli,
                                 struct satsync_error *error) {
    enum satsync_status status = session_open_engine(session, cli, error);
    if (status == SATSYNC_OK) {
        const char *path = arguments_text(&cli->arguments, ARGUMENT_STORE);
        status = satsync_store_open(session->engine, path, session->key, &session->store, error);
    }
    return status;
}

void session_close(struct session *session) {
    if (session->store) {
        satsync_store_close(session->store);
    }
    satsync_engine_close(session->engine);
    satsync_key_free(session->key);
    *session = (struct session){0};
}

static enum satsync_status wait_end(struct session *session, struct satsync_operation *operation,
                                    struct progress *shown, struct satsync_error *error) {
    bool cancelled = false;
    for (;;) {
        enum satsync_status status = satsync_operation_wait(operation, SIGNAL_NOTICED_NS, error);
        if (status != SATSYNC_AGAIN) {
            return status;
        }
        if (interrupt_signal() && !cancelled) {
            cancelled = true;
            progress_clear(shown);
            output_warn(&session->cli->output,
                        "finishing what is in flight; once more to stop at once");
            satsync_operation_cancel(operation);
        }
        struct satsync_progress progress;
        satsync_operation_progress(operation, &progress);
        progress_show(shown, &progress, session_now_ns());
    }
}

enum satsync_status session_await(struct session *session, struct satsync_operation *operation,
                                  const char *label, struct satsync_progress *progress,
                                  struct satsync_error *error) {
    struct output *output = &session->cli->output;
    struct progress shown;
    progress_init(&shown, output->err, !output->quiet, label);
    interrupt_patient(true);
    enum satsync_status status = wait_end(session, operation, &shown, error);
    interrupt_patient(false);
    progress_clear(&shown);
    if (progress) {
        satsync_operation_progress(operation, progress);
    }
    satsync_operation_free(operation);
    return status;
}
