#include "ckpt/cli/session.h"
#include "ckpt/cli/tags.h"

#include <inttypes.h>

static enum satsync_status tag(struct session *session, struct satsync_error *error) {
    const struct arguments *arguments = &session->cli->arguments;
    uint64_t step = arguments_value(arguments, ARGUMENT_STEP);
    bool remove = arguments_on(arguments, OPTION_REMOVE);
    size_t count = arguments_count(arguments, ARGUMENT_TAG);
    for (size_t i = 0; i < count; i++) {
        const char *name = arguments_text_at(arguments, ARGUMENT_TAG, i);
        enum satsync_status status =
            (remove ? satsync_store_untag : satsync_store_tag)(session->store, step, name, error);
        if (status != SATSYNC_OK) {
            return status;
        }
    }
    return SATSYNC_OK;
}

enum satsync_status command_tag(struct cli *cli, struct satsync_error *error) {
    uint64_t step = arguments_value(&cli->arguments, ARGUMENT_STEP);
    char names[SATSYNC_TAGS_BYTES] = "";
    struct session session;
    enum satsync_status status = session_open(&session, cli, error);
    if (status == SATSYNC_OK) {
        status = tag(&session, error);
    }
    if (status == SATSYNC_OK) {
        status = satsync_store_tags(session.store, step, names, error);
    }
    if (status == SATSYNC_OK) {
        output_say(&cli->output, "step %" PRIu64 ": %s", step, *names ? names : "no tags");
        output_put_u64(&cli->output, "step", step);
        output_put(&cli->output, "tags", tags_json(names));
    }
    session_close(&session);
    return status;
}
