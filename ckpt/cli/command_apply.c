#include "ckpt/cli/session.h"
#include "ckpt/cli/text.h"

#include <inttypes.h>
#include <satsync/patch.h>

static enum satsync_status apply(struct session *session,
                                 const struct satsync_patch_apply_options *options,
                                 struct satsync_progress *progress, struct satsync_error *error) {
    struct satsync_operation *operation;
    enum satsync_status status = satsync_patch_apply(session->engine, options, &operation, error);
    return status == SATSYNC_OK ? session_await(session, operation, "apply", progress, error)
                                : status;
}

static void tell(struct output *output, const struct satsync_patch_apply_options *options,
                 const struct satsync_patch_info *info, uint64_t elapsed_ns) {
    char bytes[TEXT_QUANTITY_BYTES];
    char elapsed[TEXT_QUANTITY_BYTES];
    text_bytes(bytes, info->result_bytes);
    text_duration(elapsed, elapsed_ns);
    output_say(output, "wrote %s: step %" PRIu64 ", made of step %" PRIu64 ", %s in %s",
               options->output, info->to_step, info->from_step, bytes, elapsed);
    output_put_u64(output, "from_step", info->from_step);
    output_put_u64(output, "to_step", info->to_step);
    output_put_text(output, "output", options->output);
    output_put_u64(output, "bytes", info->result_bytes);
    output_put_u64(output, "patch_bytes", info->patch_bytes);
    output_put_u64(output, "elapsed_ns", elapsed_ns);
}

enum satsync_status command_apply(struct cli *cli, struct satsync_error *error) {
    const struct arguments *arguments = &cli->arguments;
    struct satsync_patch_apply_options options;
    struct satsync_patch_info info;
    struct satsync_progress progress;
    struct session session;
    satsync_patch_apply_options_init(&options);
    options.patch = arguments_text(arguments, ARGUMENT_PATCH);
    options.base = arguments_text(arguments, ARGUMENT_OLD);
    options.output = arguments_text(arguments, OPTION_OUTPUT);
    enum satsync_status status = session_open_engine(&session, cli, error);
    if (status == SATSYNC_OK) {
        status = satsync_patch_info(session.engine, options.patch, &info, error);
    }
    if (status == SATSYNC_OK) {
        status = apply(&session, &options, &progress, error);
    }
    if (status == SATSYNC_OK) {
        tell(&cli->output, &options, &info, progress.elapsed_ns);
    }
    session_close(&session);
    return status;
}
