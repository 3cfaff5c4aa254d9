/* satsync-link: the emulated link for any program. */
#include "sim-link/cli/command.h"
#include "sim-link/cli/report.h"

#include <stdio.h>
#include <string.h>

static const char USAGE[] =
    "usage: satsync-link COMMAND ...\n"
    "  profiles [--json]                     list the links and their options\n"
    "  show PROFILE [--json]                 a link's figures and where they come from\n"
    "  topology FILE [--json]                read several sites and the links among them\n"
    "  check [OPTION]                        hold the emulator against theory and measurement\n"
    "  run PROFILE -- COMMAND...             run any program behind the link\n"
    "  relay PROFILE LISTEN TARGET [OPTION]  emulate the link between UDP addresses\n"
    "\n"
    "PROFILE is a name with options, such as \"leo-bent?seed=7&swap\" or\n"
    "\"plain?rate=100M&rtt=600ms&loss=1%\". `satsync-link COMMAND --help` says more.\n";

static bool wants_json(int argc, char *const *argv) {
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            return true;
        }
    }
    return false;
}

int main(int argc, char **argv) {
    struct satsync_error error = {.status = SATSYNC_OK};
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        fputs(USAGE, argc < 2 ? stderr : stdout);
        return argc < 2 ? SATSYNC_CLASS_USAGE : 0;
    }
    bool as_json = wants_json(argc, argv);
    const struct command *command = command_find(argv[1], &error);
    if (command == NULL) {
        return report_failure(&error, argv[1], as_json);
    }
    struct cli_args args;
    struct cli_args_rows taken = {command_rows, OPTIONS};
    enum satsync_status status =
        cli_args_parse(&args, &taken, argc - 2, (const char *const *)argv + 2, &error);
    if (status == SATSYNC_OK) {
        status = command_check(command, &args, &error);
    }
    if (status == SATSYNC_OK && args.values[OPTION_HELP]) {
        command_help(command);
        return 0;
    }
    if (status == SATSYNC_OK) {
        status = command->run(&args, &error);
    }
    return status == SATSYNC_OK ? 0 : report_failure(&error, command->name, as_json);
}
