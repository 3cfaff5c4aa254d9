#include "ckpt/cli/program.h"

#include <satsync/doctor.h>

static const char *word_of(enum satsync_finding_state state) {
    static const char *const words[] = {[SATSYNC_FINDING_GOOD] = "good",
                                        [SATSYNC_FINDING_SHORT] = "short",
                                        [SATSYNC_FINDING_MISSING] = "missing"};
    return words[state];
}

static json_t *json_of(const struct satsync_finding *finding) {
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "subject", finding->subject, "state",
                     word_of(finding->state), "found", finding->found, "used", finding->used,
                     "advice", finding->advice);
}

static void say(struct output *output, const struct satsync_finding *finding) {
    output_say(output, "%-14s %-8s found: %s", finding->subject, word_of(finding->state),
               finding->found);
    output_say(output, "%-14s %-8s used:  %s", "", "", finding->used);
    if (finding->advice[0]) {
        output_say(output, "%-14s %-8s do:    %s", "", "", finding->advice);
    }
}

enum satsync_status command_doctor(struct cli *cli, struct satsync_error *error) {
    struct satsync_finding findings[SATSYNC_FINDINGS];
    size_t count;
    const char *folder = arguments_text(&cli->arguments, ARGUMENT_STORE);
    enum satsync_status status = satsync_doctor(folder, findings, &count, error);
    if (status != SATSYNC_OK) {
        return status;
    }
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        say(&cli->output, &findings[i]);
        json_array_append_new(array, json_of(&findings[i]));
    }
    output_put(&cli->output, "findings", array);
    return SATSYNC_OK;
}
