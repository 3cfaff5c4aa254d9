#include "ckpt/cli/checkpoint.h"
#include "ckpt/cli/failure.h"
#include "ckpt/cli/session.h"
#include "ckpt/cli/text.h"

#include <inttypes.h>
#include <satsync/checkpoint.h>
#include <stdlib.h>

/* "auto", or a step. */
static enum satsync_status take_base(const struct arguments *arguments,
                                     struct satsync_save_options *options,
                                     struct satsync_error *error) {
    const char *text = arguments_text(arguments, OPTION_BASE);
    if (!text) {
        return SATSYNC_OK;
    }
    options->base = strcmp(text, "auto") == 0 ? SATSYNC_BASE_AUTO : SATSYNC_BASE_STEP;
    if (options->base == SATSYNC_BASE_AUTO) {
        return SATSYNC_OK;
    }
    struct satsync_option row = option_row(OPTION_STEP)->option;
    row.name = "base";
    return satsync_option_parse(&row, text, &options->base_step, error);
}

/* "8+2": data packs and parity packs. */
static enum satsync_status take_parity(const struct arguments *arguments,
                                       struct satsync_save_options *options,
                                       struct satsync_error *error) {
    static const struct satsync_option row = {"parity", SATSYNC_OPTION_COUNT,  "K+M", NULL,
                                              1,        SATSYNC_PACKS_MAX - 1, ""};
    const char *text = arguments_text(arguments, OPTION_PARITY);
    if (!text) {
        return SATSYNC_OK;
    }
    char data[16] = "";
    size_t length = strcspn(text, "+");
    uint64_t packs[2];
    if (text[length] == '\0' || length >= sizeof data) {
        return failure_set(error, SATSYNC_INVALID, "--parity", "\"%s\" is not K+M, such as 8+2",
                           text);
    }
    memcpy(data, text, length);
    enum satsync_status status = satsync_option_parse(&row, data, &packs[0], error);
    if (status == SATSYNC_OK) {
        status = satsync_option_parse(&row, text + length + 1, &packs[1], error);
    }
    if (status == SATSYNC_OK) {
        options->data_packs = (uint32_t)packs[0];
        options->parity_packs = (uint32_t)packs[1];
    }
    return status;
}

static enum satsync_status save(struct session *session, const struct arguments *arguments,
                                struct satsync_progress *progress, struct satsync_error *error) {
    struct satsync_save_options options;
    satsync_save_options_init(&options);
    options.step = arguments_value(arguments, OPTION_STEP);
    options.codec = (enum satsync_codec)arguments_value(arguments, OPTION_CODEC);
    enum satsync_status status = take_base(arguments, &options, error);
    if (status == SATSYNC_OK) {
        status = take_parity(arguments, &options, error);
    }
    if (status != SATSYNC_OK) {
        return status;
    }
    size_t count = arguments_count(arguments, ARGUMENT_FILES);
    const char **files = calloc(count, sizeof *files);
    if (!files) {
        return failure_set(error, SATSYNC_NO_MEMORY, NULL, "no memory for %zu file names", count);
    }
    for (size_t i = 0; i < count; i++) {
        files[i] = arguments_text_at(arguments, ARGUMENT_FILES, i);
    }
    struct satsync_operation *operation = NULL;
    status = satsync_save_files(session->store, &options, files, count, &operation, error);
    if (status == SATSYNC_OK) {
        char label[64];
        snprintf(label, sizeof label, "save step %" PRIu64, options.step);
        status = session_await(session, operation, label, progress, error);
    }
    free(files);
    return status;
}

static void tell(struct output *output, const struct satsync_checkpoint_info *info,
                 uint64_t elapsed_ns) {
    char raw[TEXT_QUANTITY_BYTES];
    char stored[TEXT_QUANTITY_BYTES];
    char elapsed[TEXT_QUANTITY_BYTES];
    char ratio[CHECKPOINT_RATIO_BYTES];
    text_bytes(raw, info->raw_bytes);
    text_bytes(stored, info->stored_bytes);
    text_duration(elapsed, elapsed_ns);
    checkpoint_ratio(ratio, info);
    output_say(output, "saved step %" PRIu64 ": %" PRIu64 " tensor%s, %s as %s (ratio %s) in %s",
               info->step, info->tensors, info->tensors == 1 ? "" : "s", raw, stored, ratio,
               elapsed);
    output_put(output, "checkpoint", checkpoint_json(info));
    output_put_u64(output, "elapsed_ns", elapsed_ns);
}

enum satsync_status command_save(struct cli *cli, struct satsync_error *error) {
    struct session session;
    struct satsync_progress progress;
    struct satsync_checkpoint_info info;
    enum satsync_status status = session_open(&session, cli, error);
    if (status == SATSYNC_OK) {
        status = save(&session, &cli->arguments, &progress, error);
    }
    if (status == SATSYNC_OK) {
        status = satsync_store_info(session.store, arguments_value(&cli->arguments, OPTION_STEP),
                                    &info, error);
    }
    if (status == SATSYNC_OK) {
        tell(&cli->output, &info, progress.elapsed_ns);
    }
    session_close(&session);
    return status;
}
