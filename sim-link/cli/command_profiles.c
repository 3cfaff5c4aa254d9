#include "base/check.h"
#include "sim-link/cli/command.h"
#include "sim-link/cli/report.h"
#include "sim-link/profile.h"

#include <stdio.h>

static void profiles_json(void) {
    size_t count;
    const struct profile_entry *const *entries = profile_entries(&count);
    struct json json;
    report_start(&json, "profiles", SATSYNC_OK);
    json_put_key(&json, "profiles");
    json_put_array(&json);
    for (size_t i = 0; i < count; i++) {
        json_put_object(&json);
        json_member_string(&json, "name", entries[i]->name);
        json_member_string(&json, "summary", entries[i]->summary);
        json_end_object(&json);
    }
    json_end_array(&json);
    json_end_object(&json);
    report_print(&json);
}

static void profiles_text(void) {
    size_t count;
    const struct profile_entry *const *entries = profile_entries(&count);
    for (size_t i = 0; i < count; i++) {
        printf("%-24s%s\n", entries[i]->name, entries[i]->summary);
    }
    const struct satsync_option *options = profile_options(&count);
    puts("\nOptions, as in NAME?option=value&option=value; most take \"up.\" or \"down.\" before:");
    for (size_t i = 0; i < count; i++) {
        printf("  %-16s%-9s%s\n", options[i].name, options[i].unit, options[i].help);
    }
}

enum satsync_status command_profiles(const struct cli_args *args, struct satsync_error *error) {
    ENSURE(args->word_count == 0, error, SATSYNC_INVALID, args->words[0],
           "profiles takes no argument; did you mean `satsync-link show %s`?", args->words[0]);
    if (args->values[OPTION_JSON]) {
        profiles_json();
    } else {
        profiles_text();
    }
    return SATSYNC_OK;
}
