/*
 * The command line, parsed and checked against the rows.
 */
#ifndef CLI_ARGUMENTS_H
#define CLI_ARGUMENTS_H

#include "ckpt/cli/command.h"

#include <satsync/status.h>

struct argument {
    enum option_id id;
    const char *text; /* borrowed from argv or the environment */
    uint64_t value;
};

struct arguments {
    const struct command *command; /* NULL when none was named */
    struct argument *items;        /* in the order given; those of the environment last */
    size_t count;
};

/*
 * Takes --name value, --name=value, -x value, -xvalue and plain arguments in any order; after "--"
 * everything is plain. A row's environment variable stands in for an option that is not given and
 * that the command takes. With --help or --version nothing is required. `arguments` is to be given
 * to arguments_fini in any case; argv stays borrowed. Not while another thread changes the
 * environment.
 */
enum satsync_status arguments_parse(struct arguments *arguments, int argc, char *const *argv,
                                    struct satsync_error *error);
void arguments_fini(struct arguments *arguments);

/* Pure. How often it was given. */
size_t arguments_count(const struct arguments *arguments, enum option_id id);

/* Pure. What was given the index-th time, or NULL. */
const char *arguments_text_at(const struct arguments *arguments, enum option_id id, size_t index);

/* Pure. What was given, or the row's default, which may be NULL. */
const char *arguments_text(const struct arguments *arguments, enum option_id id);

/* Pure. The value of what was given, or of the row's default, or 0. */
uint64_t arguments_value(const struct arguments *arguments, enum option_id id);

/* Pure. Whether a switch is on. */
bool arguments_on(const struct arguments *arguments, enum option_id id);

#endif
