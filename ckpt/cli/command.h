/*
 * What a command is: its words, the arguments it takes, and the function that does it.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "ckpt/cli/options.h"

#include <satsync/status.h>
#include <stddef.h>

struct cli;

enum { ARGUMENT_REQUIRED = 1, ARGUMENT_REPEATABLE = 2, COMMAND_ARGUMENTS = 12 };

/* One row that the command takes; plain arguments stand in the order they are typed. */
struct command_argument {
    enum option_id id;
    unsigned flags;
};

struct command {
    const char *name;
    const char *summary;                                  /* a line */
    const char *detail;                                   /* for its own help; may be NULL */
    const char *example;                                  /* lines a user can type */
    struct command_argument arguments[COMMAND_ARGUMENTS]; /* up to OPTION_NONE */
    enum satsync_status (*run)(struct cli *cli, struct satsync_error *error);
};

extern const struct command commands[];
extern const size_t command_count;

/* Pure. NULL when there is none; then *nearest is the most similar name, or NULL. */
const struct command *command_find(const char *name, const char **nearest);

/* Pure. The command's entry for `id`, the ones every command takes included; NULL if it has none.
 * `command` may be NULL for the latter. */
const struct command_argument *command_takes(const struct command *command, enum option_id id);

enum satsync_status command_keygen(struct cli *cli, struct satsync_error *error);
enum satsync_status command_init(struct cli *cli, struct satsync_error *error);
enum satsync_status command_save(struct cli *cli, struct satsync_error *error);
enum satsync_status command_ls(struct cli *cli, struct satsync_error *error);
enum satsync_status command_show(struct cli *cli, struct satsync_error *error);
enum satsync_status command_verify(struct cli *cli, struct satsync_error *error);
enum satsync_status command_repair(struct cli *cli, struct satsync_error *error);
enum satsync_status command_stat(struct cli *cli, struct satsync_error *error);
enum satsync_status command_tag(struct cli *cli, struct satsync_error *error);
enum satsync_status command_prune(struct cli *cli, struct satsync_error *error);
enum satsync_status command_restore(struct cli *cli, struct satsync_error *error);
enum satsync_status command_diff(struct cli *cli, struct satsync_error *error);
enum satsync_status command_apply(struct cli *cli, struct satsync_error *error);
enum satsync_status command_serve(struct cli *cli, struct satsync_error *error);
enum satsync_status command_push(struct cli *cli, struct satsync_error *error);
enum satsync_status command_pull(struct cli *cli, struct satsync_error *error);
enum satsync_status command_doctor(struct cli *cli, struct satsync_error *error);
enum satsync_status command_completion(struct cli *cli, struct satsync_error *error);
enum satsync_status command_help(struct cli *cli, struct satsync_error *error);

#endif
