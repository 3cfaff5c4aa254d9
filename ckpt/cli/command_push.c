#include "ckpt/cli/text.h"
#include "ckpt/cli/transfer.h"

#include <inttypes.h>

struct push {
    struct session session;
    uint64_t step;
    const char *address;
    bool dry_run;
    struct satsync_checkpoint_info info;
    struct satsync_progress progress;
};

/* A site may well hold what it cannot read, as a mirror; but that should be known. */
static enum satsync_status warn_unreadable(struct push *push, const struct satsync_public_key *peer,
                                           struct satsync_error *error) {
    int readable;
    enum satsync_status status =
        satsync_store_readable(push->session.store, push->step, peer, &readable, error);
    if (status == SATSYNC_OK && !readable) {
        output_warn(&push->session.cli->output,
                    "the peer can hold step %" PRIu64 " but not read it: its key is no recipient "
                    "of this checkpoint (satsync init --recipient)",
                    push->step);
    }
    return status;
}

static enum satsync_status transfer(struct push *push, struct satsync_error *error) {
    struct satsync_store *store = push->session.store;
    struct satsync_site_options options;
    enum satsync_status status = satsync_store_info(store, push->step, &push->info, error);
    if (status == SATSYNC_OK) {
        status = transfer_options(&push->session, &options, error);
    }
    if (status == SATSYNC_OK) {
        status = warn_unreadable(push, &options.peer, error);
    }
    struct satsync_operation *operation = NULL;
    if (status == SATSYNC_OK) {
        status = push->dry_run ? satsync_push_plan(store, push->step, &options, &operation, error)
                               : satsync_push(store, push->step, &options, &operation, error);
    }
    if (status != SATSYNC_OK) {
        return status;
    }
    char label[64];
    snprintf(label, sizeof label, "push step %" PRIu64, push->step);
    return session_await(&push->session, operation, label, &push->progress, error);
}

static void tell_plan(struct output *output, const struct push *push) {
    const struct satsync_progress *progress = &push->progress;
    uint64_t missing = progress->total_bytes > progress->present_bytes
                           ? progress->total_bytes - progress->present_bytes
                           : 0;
    char send[TEXT_QUANTITY_BYTES];
    char total[TEXT_QUANTITY_BYTES];
    char present[TEXT_QUANTITY_BYTES];
    text_bytes(send, missing);
    text_bytes(total, progress->total_bytes);
    text_bytes(present, progress->present_bytes);
    output_say(output, "step %" PRIu64 " to %s: would send %s of %s; %s already there", push->step,
               push->address, send, total, present);
    output_put_u64(output, "total_bytes", progress->total_bytes);
    output_put_u64(output, "present_bytes", progress->present_bytes);
    output_put_u64(output, "missing_bytes", missing);
}

static enum satsync_status tell(struct cli *cli, const struct push *push,
                                struct satsync_error *error) {
    if (push->dry_run) {
        tell_plan(&cli->output, push);
        return SATSYNC_OK;
    }
    output_say(&cli->output, "pushed step %" PRIu64 " to %s", push->step, push->address);
    return transfer_tell(cli, &push->info, &push->progress, error);
}

enum satsync_status command_push(struct cli *cli, struct satsync_error *error) {
    struct push push = {
        .step = arguments_value(&cli->arguments, ARGUMENT_STEP),
        .address = arguments_text(&cli->arguments, ARGUMENT_PEER_ADDRESS),
        .dry_run = arguments_on(&cli->arguments, OPTION_DRY_RUN),
    };
    output_put_u64(&cli->output, "step", push.step);
    output_put_text(&cli->output, "peer_address", push.address);
    output_put(&cli->output, "dry_run", json_boolean(push.dry_run));
    enum satsync_status status = session_open(&push.session, cli, error);
    if (status == SATSYNC_OK) {
        status = transfer(&push, error);
    }
    if (status == SATSYNC_OK) {
        status = tell(cli, &push, error);
    } else {
        transfer_put(&cli->output, &push.progress);
    }
    session_close(&push.session);
    return status;
}
