/*
 * Every argument and option of the program, one row each. Parsing, environment, help and
 * completion are made from these rows; a command lists which of them it takes.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <satsync/option.h>
#include <stdbool.h>

enum option_id {
    OPTION_NONE, /* ends a command's list */

    ARGUMENT_STORE,
    ARGUMENT_STEP,
    ARGUMENT_PEER_ADDRESS,
    ARGUMENT_FILES,
    ARGUMENT_KEY_FILE,
    ARGUMENT_TAG,
    ARGUMENT_FROM,
    ARGUMENT_TO,
    ARGUMENT_PATCH,
    ARGUMENT_OLD,
    ARGUMENT_SHELL,
    ARGUMENT_COMMAND,

    OPTION_KEY,
    OPTION_RECIPIENT,
    OPTION_STEP,
    OPTION_CODEC,
    OPTION_BASE,
    OPTION_PARITY,
    OPTION_QUICK,
    OPTION_OUTPUT,
    OPTION_TENSOR,
    OPTION_LISTEN,
    OPTION_ALLOW,
    OPTION_ALLOW_READ,
    OPTION_ALLOW_WRITE,
    OPTION_PEER,
    OPTION_RATE,
    OPTION_GIVE_UP,
    OPTION_CONTROLLER,
    OPTION_LIMIT,
    OPTION_LINK_MEMORY,
    OPTION_DRY_RUN,
    OPTION_KEEP_LAST,
    OPTION_KEEP_EVERY,
    OPTION_DROP_TAGGED,
    OPTION_REMOVE,
    OPTION_PATCH,

    OPTION_FIRST_GLOBAL, /* from here on every command takes them */
    OPTION_JSON = OPTION_FIRST_GLOBAL,
    OPTION_QUIET,
    OPTION_VERBOSE,
    OPTION_MEMORY,
    OPTION_WORKERS,
    OPTION_VERSION,
    OPTION_HELP,

    OPTION_IDS
};

struct option_row {
    struct satsync_option option;
    char short_name;         /* 0: none */
    bool positional;         /* a plain argument; its name is upper case */
    bool names_file;         /* completion offers files */
    const char *environment; /* the variable that stands in for it, or NULL */
};

/* Pure. `id` is not OPTION_NONE. */
const struct option_row *option_row(enum option_id id);

/* Pure. Writes the row as a user meets it: "--step" or "STORE"; always terminated. */
void option_spelling(enum option_id id, char *out, size_t out_bytes);

#endif
