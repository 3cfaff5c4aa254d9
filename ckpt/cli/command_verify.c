#include "ckpt/cli/session.h"
#include "ckpt/cli/text.h"

#include <inttypes.h>
#include <stdlib.h>

enum { DAMAGES_SHOWN = 256 };

static json_t *damage_json(const struct satsync_damage *damage) {
    return json_pack("{s:o, s:s, s:o}", "step", text_json_u64(damage->step), "status",
                     satsync_status_name(damage->status), "what", text_json(damage->what));
}

static void tell_damages(struct output *output, const struct satsync_verify_report *report) {
    json_t *array = json_array();
    size_t shown = report->damaged < report->capacity ? (size_t)report->damaged : report->capacity;
    for (size_t i = 0; i < shown; i++) {
        const struct satsync_damage *damage = &report->damages[i];
        char what[2 * sizeof damage->what];
        text_clean(what, sizeof what, damage->what);
        output_say(output, "step %" PRIu64 ": %s: %s", damage->step,
                   satsync_status_name(damage->status), what);
        json_array_append_new(array, damage_json(damage));
    }
    if (report->damaged > shown) {
        output_say(output, "and %" PRIu64 " more", report->damaged - shown);
    }
    output_put(output, "damages", array);
}

static void tell(struct output *output, const struct satsync_verify_report *report) {
    tell_damages(output, report);
    char checked[TEXT_QUANTITY_BYTES];
    text_bytes(checked, report->checked_bytes);
    output_say(output, "%" PRIu64 " checkpoint%s, %s read, %" PRIu64 " damaged; checked against %s",
               report->checkpoints, report->checkpoints == 1 ? "" : "s", checked, report->damaged,
               report->authenticated ? "accidents and forgery"
                                     : "accidents only (give --key to check against forgery)");
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
    struct satsync_verify_report report = {.capacity = DAMAGES_SHOWN};
    struct session session;
    enum satsync_status status = session_open(&session, cli, error);
    if (status == SATSYNC_OK) {
        report.damages = calloc(DAMAGES_SHOWN, sizeof *report.damages);
        report.capacity = report.damages ? DAMAGES_SHOWN : 0;
        status = satsync_store_verify(session.store, step, &report, error);
        if (status == SATSYNC_OK || report.damaged > 0) {
            tell(&cli->output, &report);
        }
        free(report.damages);
    }
    session_close(&session);
    return status;
}
