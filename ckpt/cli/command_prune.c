#include "ckpt/cli/session.h"
#include "ckpt/cli/text.h"

#include <inttypes.h>
#include <stdlib.h>

enum { STEPS_SHOWN = 4096 };

static void tell(struct output *output, const struct satsync_prune_report *report, bool dry_run) {
    char freed[TEXT_QUANTITY_BYTES];
    json_t *array = json_array();
    size_t shown = report->removed < report->capacity ? (size_t)report->removed : report->capacity;
    for (size_t i = 0; i < shown; i++) {
        output_say(output, "%s step %" PRIu64, dry_run ? "would remove" : "removed",
                   report->steps[i]);
        json_array_append_new(array, text_json_u64(report->steps[i]));
    }
    if (report->removed > shown) {
        output_say(output, "and %" PRIu64 " more", report->removed - shown);
    }
    text_bytes(freed, report->freed_bytes);
    output_say(output, "%" PRIu64 " %s, %" PRIu64 " kept; %s %s", report->removed,
               dry_run ? "to remove" : "removed", report->kept, freed,
               dry_run ? "to free" : "freed");
    output_put(output, "dry_run", json_boolean(dry_run));
    output_put(output, "steps", array);
    output_put_u64(output, "removed", report->removed);
    output_put_u64(output, "kept", report->kept);
    output_put_u64(output, "freed_bytes", report->freed_bytes);
}

enum satsync_status command_prune(struct cli *cli, struct satsync_error *error) {
    const struct arguments *arguments = &cli->arguments;
    struct satsync_prune_options options;
    struct satsync_prune_report report = {0};
    struct session session;
    satsync_prune_options_init(&options);
    options.keep_last = arguments_value(arguments, OPTION_KEEP_LAST);
    options.keep_every = arguments_value(arguments, OPTION_KEEP_EVERY);
    options.drop_tagged = arguments_on(arguments, OPTION_DROP_TAGGED);
    options.dry_run = arguments_on(arguments, OPTION_DRY_RUN);
    enum satsync_status status = session_open(&session, cli, error);
    if (status == SATSYNC_OK) {
        report.steps = calloc(STEPS_SHOWN, sizeof *report.steps);
        report.capacity = report.steps ? STEPS_SHOWN : 0;
        status = satsync_store_prune(session.store, &options, &report, error);
    }
    if (status == SATSYNC_OK) {
        tell(&cli->output, &report, options.dry_run);
    }
    free(report.steps);
    session_close(&session);
    return status;
}
