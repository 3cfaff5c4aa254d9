#include "base/check.h"
#include "sim-link/check/closed_form.h"
#include "sim-link/check/realism.h"
#include "sim-link/cli/command.h"
#include "sim-link/cli/report.h"

#include <stdio.h>

static void print_table(const struct verdicts *verdicts) {
    struct json json;
    report_start(&json, "check", verdicts->failed == 0 ? SATSYNC_OK : SATSYNC_BUG);
    json_put_key(&json, "checks");
    json_put_array(&json);
    for (size_t i = 0; i < verdicts->count; i++) {
        const struct verdict *row = &verdicts->rows[i];
        char text[64];
        json_put_object(&json);
        json_member_string(&json, "what", row->name);
        json_put_key(&json, "measured");
        snprintf(text, sizeof text, "%.6g", row->measured);
        json_put_string(&json, text);
        json_put_key(&json, "due");
        snprintf(text, sizeof text, "%.6g to %.6g", row->least, row->most);
        json_put_string(&json, text);
        json_member_bool(&json, "held", row->passed);
        json_end_object(&json);
    }
    json_end_array(&json);
    json_end_object(&json);
    report_print(&json);
}

static enum satsync_status check_data(struct verdicts *verdicts, const struct cli_args *args,
                                      struct satsync_error *error) {
    if (args->given[OPTION_FJORDLINK]) {
        struct samples measured;
        TRY(samples_read(args->texts[OPTION_FJORDLINK], &measured, error));
        enum satsync_status status = realism_days(verdicts, &measured);
        samples_fini(&measured);
        ENSURE(status == SATSYNC_OK, error, status, "check", "no memory for the comparison");
    }
    if (args->given[OPTION_LEOCC]) {
        TRY(realism_trace(verdicts, args->texts[OPTION_LEOCC], error));
    }
    return SATSYNC_OK;
}

enum satsync_status command_check_link(const struct cli_args *args, struct satsync_error *error) {
    static struct verdicts verdicts;
    struct closed_form options = {.seed = args->given[OPTION_SEED] ? args->values[OPTION_SEED] : 1,
                                  .scale = args->values[OPTION_THOROUGH] ? 10 : 1,
                                  .drift_packets =
                                      args->values[OPTION_THOROUGH] ? 1000000000 : 10000000};
    ENSURE(args->word_count == 0, error, SATSYNC_INVALID, args->words[0],
           "check takes no argument but options; see satsync-link check --help");
    closed_form_queues(&verdicts, &options);
    closed_form_loss(&verdicts, &options);
    closed_form_orbits(&verdicts);
    enum satsync_status status = realism_published(&verdicts, options.seed);
    ENSURE(status == SATSYNC_OK, error, status, "check", "no memory for the checks");
    TRY(check_data(&verdicts, args, error));
    if (args->values[OPTION_JSON]) {
        print_table(&verdicts);
    } else {
        verdicts_print(&verdicts);
    }
    ENSURE(verdicts.failed == 0, error, SATSYNC_BUG, "check",
           "%zu of %zu checks do not hold; this emulator's figures are not to be trusted",
           verdicts.failed, verdicts.count);
    return SATSYNC_OK;
}
