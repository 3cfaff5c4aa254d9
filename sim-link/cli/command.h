/*
 * The commands of satsync-link, and the options they take: a command takes some of the rows.
 */
#ifndef SIM_LINK_CLI_COMMAND_H
#define SIM_LINK_CLI_COMMAND_H

#include "sim-link/cli/args.h"

#include <satsync/status.h>

enum command_option {
    OPTION_JSON,
    OPTION_HELP,
    OPTION_SEED,
    OPTION_CONTROL,
    OPTION_DURATION,
    OPTION_PLOT,
    OPTION_FJORDLINK,
    OPTION_LEOCC,
    OPTION_THOROUGH,
    OPTION_A,
    OPTION_B,
    OPTION_CAPTURE,
    OPTION_SERIES,
    OPTION_STEP,
    OPTION_METRICS,
    OPTIONS
};

struct command {
    const char *name;
    const char *usage;
    enum command_option options[OPTIONS]; /* besides --json and --help; ends with OPTION_JSON */
    enum satsync_status (*run)(const struct cli_args *args, struct satsync_error *error);
};

extern const struct satsync_option command_rows[OPTIONS];

/* NULL when there is none; the error names it and the nearest. */
const struct command *command_find(const char *name, struct satsync_error *error);

/* An option that is given and not the command's is refused. */
enum satsync_status command_check(const struct command *command, const struct cli_args *args,
                                  struct satsync_error *error);
void command_help(const struct command *command);

enum satsync_status command_profiles(const struct cli_args *args, struct satsync_error *error);
enum satsync_status command_show(const struct cli_args *args, struct satsync_error *error);
enum satsync_status command_check_link(const struct cli_args *args, struct satsync_error *error);
enum satsync_status command_topology(const struct cli_args *args, struct satsync_error *error);
enum satsync_status command_run(const struct cli_args *args, struct satsync_error *error);
enum satsync_status command_relay(const struct cli_args *args, struct satsync_error *error);

#endif
