#include "ckpt/cli/failure.h"
#include "ckpt/cli/session.h"
#include "ckpt/cli/text.h"

#include <inttypes.h>
#include <satsync/checkpoint.h>
#include <stdlib.h>

static enum satsync_status restore(struct session *session, const struct arguments *arguments,
                                   struct satsync_progress *progress, struct satsync_error *error) {
    struct satsync_restore_options options;
    satsync_restore_options_init(&options);
    options.step = arguments_value(arguments, ARGUMENT_STEP);
    options.output = arguments_text(arguments, OPTION_OUTPUT);
    options.tensor_count = arguments_count(arguments, OPTION_TENSOR);
    const char **tensors = calloc(options.tensor_count + 1, sizeof *tensors);
    if (!tensors) {
        return failure_set(error, SATSYNC_NO_MEMORY, NULL, "no memory for %zu tensor names",
                           options.tensor_count);
    }
    for (size_t i = 0; i < options.tensor_count; i++) {
        tensors[i] = arguments_text_at(arguments, OPTION_TENSOR, i);
    }
    options.tensors = options.tensor_count ? tensors : NULL;
    struct satsync_operation *operation = NULL;
    enum satsync_status status = satsync_restore_files(session->store, &options, &operation, error);
    if (status == SATSYNC_OK) {
        char label[64];
        snprintf(label, sizeof label, "restore step %" PRIu64, options.step);
        status = session_await(session, operation, label, progress, error);
    }
    free(tensors);
    return status;
}

static void tell(struct cli *cli, const struct satsync_progress *progress) {
    uint64_t step = arguments_value(&cli->arguments, ARGUMENT_STEP);
    const char *path = arguments_text(&cli->arguments, OPTION_OUTPUT);
    char bytes[TEXT_QUANTITY_BYTES];
    char elapsed[TEXT_QUANTITY_BYTES];
    text_bytes(bytes, progress->done_bytes);
    text_duration(elapsed, progress->elapsed_ns);
    output_say(&cli->output, "restored step %" PRIu64 " to %s: %s in %s", step, path, bytes,
               elapsed);
    output_put_u64(&cli->output, "step", step);
    output_put_text(&cli->output, "output", path);
    output_put_u64(&cli->output, "bytes", progress->done_bytes);
    output_put_u64(&cli->output, "elapsed_ns", progress->elapsed_ns);
}

enum satsync_status command_restore(struct cli *cli, struct satsync_error *error) {
    struct session session;
    struct satsync_progress progress;
    enum satsync_status status = session_open(&session, cli, error);
    if (status == SATSYNC_OK) {
        status = restore(&session, &cli->arguments, &progress, error);
    }
    if (status == SATSYNC_OK) {
        tell(cli, &progress);
    }
    session_close(&session);
    return status;
}
