#include "ckpt/cli/transfer.h"

#include <inttypes.h>

static enum satsync_status transfer(struct session *session, uint64_t step,
                                    struct satsync_progress *progress,
                                    struct satsync_error *error) {
    struct satsync_site_options options;
    enum satsync_status status = transfer_options(session, &options, error);
    struct satsync_operation *operation = NULL;
    if (status == SATSYNC_OK) {
        status = satsync_pull(session->store, step, &options, &operation, error);
    }
    if (status != SATSYNC_OK) {
        return status;
    }
    char label[64];
    snprintf(label, sizeof label, "pull step %" PRIu64, step);
    return session_await(session, operation, label, progress, error);
}

enum satsync_status command_pull(struct cli *cli, struct satsync_error *error) {
    struct session session;
    struct satsync_progress progress = {0};
    struct satsync_checkpoint_info info;
    uint64_t step = arguments_value(&cli->arguments, ARGUMENT_STEP);
    const char *address = arguments_text(&cli->arguments, ARGUMENT_PEER_ADDRESS);
    output_put_u64(&cli->output, "step", step);
    output_put_text(&cli->output, "peer_address", address);
    enum satsync_status status = session_open(&session, cli, error);
    if (status == SATSYNC_OK) {
        status = transfer(&session, step, &progress, error);
    }
    if (status == SATSYNC_OK) {
        status = satsync_store_info(session.store, step, &info, error);
    }
    if (status == SATSYNC_OK) {
        output_say(&cli->output, "pulled step %" PRIu64 " from %s", step, address);
        status = transfer_tell(cli, &info, &progress, error);
    } else {
        transfer_put(&cli->output, &progress);
    }
    session_close(&session);
    return status;
}
