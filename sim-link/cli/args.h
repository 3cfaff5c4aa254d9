/*
 * Command line arguments by option rows: --name VALUE, --name=VALUE, --flag, and the rest in order.
 * Nothing is copied. Pure.
 */
#ifndef SIM_LINK_CLI_ARGS_H
#define SIM_LINK_CLI_ARGS_H

#include <satsync/option.h>
#include <satsync/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CLI_ARGS_OPTIONS = 16, CLI_ARGS_WORDS = 4 };

struct cli_args {
    const char *words[CLI_ARGS_WORDS]; /* what is no option */
    size_t word_count;
    const char *const *rest; /* what follows "--", ends with NULL */
    int rest_count;
    bool given[CLI_ARGS_OPTIONS]; /* by index of the row */
    uint64_t values[CLI_ARGS_OPTIONS];
    const char *texts[CLI_ARGS_OPTIONS];
};

struct cli_args_rows {
    const struct satsync_option *rows; /* a row with a fallback has its value even if not given */
    size_t count;                      /* at most CLI_ARGS_OPTIONS */
};

/* `argv` holds `argc` arguments after the command's name. */
enum satsync_status cli_args_parse(struct cli_args *args, const struct cli_args_rows *rows,
                                   int argc, const char *const *argv,
                                   struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
