#include "sim-link/cli/command.h"

#include "base/check.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

const struct satsync_option command_rows[OPTIONS] = {
    [OPTION_JSON] = {"json", SATSYNC_OPTION_BOOL, "yes|no", "no", 0, 1,
                     "End with one JSON object on the last line, also on failure."},
    [OPTION_HELP] = {"help", SATSYNC_OPTION_BOOL, "yes|no", "no", 0, 1, "Print this help."},
    [OPTION_SEED] = {"seed", SATSYNC_OPTION_COUNT, "N", NULL, 0, UINT64_MAX,
                     "Seed of the link's randomness, instead of the profile's."},
    [OPTION_CONTROL] = {"control", SATSYNC_OPTION_TEXT, "PATH", NULL, 1, 107,
                        "Take commands on a Unix socket: outage TIME, down, up, set, get, "
                        "metrics, quit."},
    [OPTION_DURATION] = {"duration", SATSYNC_OPTION_DURATION, "TIME", "0", 0, 31536000000000000u,
                         "End after so long; 0 for never."},
    [OPTION_PLOT] = {"plot", SATSYNC_OPTION_TEXT, "FILE.svg", NULL, 1, 4096,
                     "Write the picture to this file."},
    [OPTION_FJORDLINK] = {"fjordlink", SATSYNC_OPTION_TEXT, "FILE.csv", NULL, 1, 4096,
                          "Compare leo-bent with round trips: seconds, milliseconds, ... a line."},
    [OPTION_LEOCC] = {"leocc", SATSYNC_OPTION_TEXT, "FILE", NULL, 1, 4096,
                      "Compare with a mahimahi trace of a link that reconfigures each 15 s."},
    [OPTION_THOROUGH] = {"thorough", SATSYNC_OPTION_BOOL, "yes|no", "no", 0, 1,
                         "Ten times as many packets, and 10^9 back to back; takes twenty minutes."},
    [OPTION_A] = {"a", SATSYNC_OPTION_TEXT, "COMMAND", NULL, 1, 4096,
                  "What runs at the near end, by a shell; instead of the words after --."},
    [OPTION_B] = {"b", SATSYNC_OPTION_TEXT, "COMMAND", NULL, 1, 4096,
                  "What runs at the far end, by a shell, such as a server."},
    [OPTION_CAPTURE] = {"capture", SATSYNC_OPTION_TEXT, "FILE.pcapng", NULL, 1, 4096,
                        "Write each packet with its fate as a comment, as Wireshark reads it."},
    [OPTION_SERIES] = {"series", SATSYNC_OPTION_TEXT, "FILE.csv", NULL, 1, 4096,
                       "Write rate, queue, delay and drops over time, a line a step."},
    [OPTION_STEP] = {"step", SATSYNC_OPTION_DURATION, "TIME", "100ms", 1000, 3600000000000u,
                     "Time between two lines of --series."},
    [OPTION_METRICS] = {"metrics", SATSYNC_OPTION_TEXT, "FILE.prom", NULL, 1, 4096,
                        "Write Prometheus' text each second, for its textfile collector."},
};

static const struct command commands[] = {
    {"profiles", "usage: satsync-link profiles [--json]", {OPTION_JSON}, command_profiles},
    {"show",
     "usage: satsync-link show PROFILE [--plot FILE.svg] [--series FILE.csv] [--json]",
     {OPTION_PLOT, OPTION_CAPTURE, OPTION_SERIES, OPTION_STEP, OPTION_JSON},
     command_show},
    {"topology",
     "usage: satsync-link topology FILE [--json]\n"
     "Reads several sites and the links among them, as satsync_sim_open_topology does, and prints\n"
     "the links, or what is wrong and where.",
     {OPTION_JSON},
     command_topology},
    {"check",
     "usage: satsync-link check [--fjordlink FILE.csv] [--leocc FILE] [--thorough] [--seed N]\n"
     "Holds the emulator against closed forms and measurements and prints a table; half a\n"
     "minute, and two more with --fjordlink, which fits and compares each day in turn.",
     {OPTION_FJORDLINK, OPTION_LEOCC, OPTION_THOROUGH, OPTION_SEED, OPTION_JSON},
     command_check_link},
    {"run",
     "usage: satsync-link run PROFILE [OPTION]... -- COMMAND...\n"
     "       satsync-link run PROFILE --a COMMAND [--b COMMAND]\n"
     "Runs a program at the near end of the link (10.77.0.1) and perhaps one at the far end\n"
     "(10.77.0.2), each in a network of its own; $SATSYNC_LINK_PEER is the other's address. Ends\n"
     "with the near program, and with its exit status; what happened goes to standard error.\n"
     "Needs root, or user namespaces and the right to open /dev/net/tun.",
     {OPTION_A, OPTION_B, OPTION_SEED, OPTION_DURATION, OPTION_CAPTURE, OPTION_SERIES, OPTION_STEP,
      OPTION_JSON},
     command_run},
    {"relay",
     "usage: satsync-link relay PROFILE LISTEN TARGET [OPTION]...\n"
     "Datagrams to LISTEN go through the uplink to TARGET; answers come back through the\n"
     "downlink. Ends at Ctrl-C and prints what happened, and how late the relay was.",
     {OPTION_SEED, OPTION_CONTROL, OPTION_DURATION, OPTION_CAPTURE, OPTION_SERIES, OPTION_STEP,
      OPTION_METRICS, OPTION_JSON},
     command_relay},
};

const struct command *command_find(const char *name, struct satsync_error *error) {
    struct satsync_option names[COUNT(commands)];
    const char *nearest = NULL;
    memset(names, 0, sizeof names);
    for (size_t i = 0; i < COUNT(commands); i++) {
        names[i].name = commands[i].name;
    }
    const struct satsync_option *found =
        satsync_option_find(names, COUNT(commands), name, &nearest);
    if (found == NULL) {
        (void)error_set(error, SATSYNC_INVALID, name, "there is no command \"%s\"%s%s%s", name,
                        nearest == NULL ? "; see satsync-link --help" : "; did you mean \"",
                        nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"?");
        return NULL;
    }
    return &commands[found - names];
}

static bool takes(const struct command *command, size_t option) {
    if (option == OPTION_JSON || option == OPTION_HELP) {
        return true;
    }
    for (const enum command_option *at = command->options; *at != OPTION_JSON; at++) {
        if (*at == option) {
            return true;
        }
    }
    return false;
}

enum satsync_status command_check(const struct command *command, const struct cli_args *args,
                                  struct satsync_error *error) {
    for (size_t i = 0; i < OPTIONS; i++) {
        ENSURE(!args->given[i] || takes(command, i), error, SATSYNC_INVALID, command_rows[i].name,
               "%s takes no --%s; see satsync-link %s --help", command->name, command_rows[i].name,
               command->name);
    }
    return SATSYNC_OK;
}

void command_help(const struct command *command) {
    puts(command->usage);
    for (size_t i = 0; i < OPTIONS; i++) {
        bool flag = command_rows[i].type == SATSYNC_OPTION_BOOL;
        if (takes(command, i)) {
            printf("  --%s%s%s\n        %s\n", command_rows[i].name, flag ? "" : " ",
                   flag ? "" : command_rows[i].unit, command_rows[i].help);
        }
    }
}
