#include "ckpt/cli/damage.h"
#include "ckpt/cli/session.h"
#include "ckpt/cli/text.h"

#include <inttypes.h>
#include <stdlib.h>

static void tell(struct output *output, const struct satsync_repair_report *report, bool dry_run) {
    damage_tell(output, report->damages, report->damaged, report->capacity);
    char checked[TEXT_QUANTITY_BYTES];
    text_bytes(checked, report->checked_bytes);
    output_say(output,
               "%" PRIu64 " checkpoint%s in %" PRIu64 " pack%s, %s read, %" PRIu64
               " damaged or lost, %" PRIu64 " of them %s",
               report->checkpoints, report->checkpoints == 1 ? "" : "s", report->packs,
               report->packs == 1 ? "" : "s", checked, report->damaged, report->mended,
               dry_run ? "to mend" : "mended");
    output_put(output, "dry_run", json_boolean(dry_run));
    output_put_u64(output, "checkpoints", report->checkpoints);
    output_put_u64(output, "packs", report->packs);
    output_put_u64(output, "checked_bytes", report->checked_bytes);
    output_put_u64(output, "damaged", report->damaged);
    output_put_u64(output, "mended", report->mended);
}

enum satsync_status command_repair(struct cli *cli, struct satsync_error *error) {
    const struct arguments *arguments = &cli->arguments;
    uint64_t step = arguments_count(arguments, ARGUMENT_STEP)
                        ? arguments_value(arguments, ARGUMENT_STEP)
                        : SATSYNC_ALL_STEPS;
    struct satsync_repair_options options;
    struct satsync_repair_report report = {0};
    struct session session;
    satsync_repair_options_init(&options);
    options.dry_run = arguments_on(arguments, OPTION_DRY_RUN);
    enum satsync_status status = session_open(&session, cli, error);
    if (status == SATSYNC_OK) {
        report.damages = calloc(DAMAGES_SHOWN, sizeof *report.damages);
        report.capacity = report.damages ? DAMAGES_SHOWN : 0;
        status = satsync_store_repair(session.store, step, &options, &report, error);
        if (status == SATSYNC_OK || report.damaged > 0) {
            tell(&cli->output, &report, options.dry_run);
        }
        free(report.damages);
    }
    session_close(&session);
    return status;
}
