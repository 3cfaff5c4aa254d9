#include "ckpt/cli/damage.h"
#include "ckpt/cli/session.h"
#include "ckpt/cli/text.h"

#include <inttypes.h>
#include <stdlib.h>

static void tell(struct output *output, const struct satsync_verify_report *report, bool is_quick) {
    damage_tell(output, report->damages, report->damaged, report->capacity);
    char checked[TEXT_QUANTITY_BYTES];
    text_bytes(checked, report->checked_bytes);
    output_say(output, "%" PRIu64 " checkpoint%s, %s read, %" PRIu64 " damaged; checked %s",
               report->checkpoints, report->checkpoints == 1 ? "" : "s", checked, report->damaged,
               is_quick                ? "manifests, sizes and tables only"
               : report->authenticated ? "against accidents and forgery"
                                       : "against accidents only (give --key to check against "
                                         "forgery)");
    output_put_u64(output, "checkpoints", report->checkpoints);
    output_put_u64(output, "checked_bytes", report->checked_bytes);
    output_put_u64(output, "damaged", report->damaged);
    output_put(output, "authenticated", json_boolean(report->authenticated));
}

enum satsync_status command_verify(struct cli *cli, struct satsync_error *error) {
    const struct arguments *arguments = &cli->arguments;
    uint64_t step = arguments_count(arguments, ARGUMENT_STEP)
                        ? arguments_value(arguments, ARGUMENT_STEP)
                        : SATSYNC_ALL_STEPS;
    bool is_quick = arguments_on(arguments, OPTION_QUICK);
    struct satsync_verify_report report = {.capacity = DAMAGES_SHOWN};
    struct session session;
    enum satsync_status status = session_open(&session, cli, error);
    if (status == SATSYNC_OK) {
        report.damages = calloc(DAMAGES_SHOWN, sizeof *report.damages);
        report.capacity = report.damages ? DAMAGES_SHOWN : 0;
        status = (is_quick ? satsync_store_verify_quick : satsync_store_verify)(session.store, step,
                                                                                &report, error);
        if (status == SATSYNC_OK || report.damaged > 0) {
            tell(&cli->output, &report, is_quick);
        }
        free(report.damages);
    }
    session_close(&session);
    return status;
}
