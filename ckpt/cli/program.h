/*
 * One run of the program, from the command line to the exit code.
 */
#ifndef CLI_PROGRAM_H
#define CLI_PROGRAM_H

#include "ckpt/cli/arguments.h"
#include "ckpt/cli/output.h"

/* What a command works with. */
struct cli {
    struct arguments arguments;
    struct output output;
};

/* Returns the exit code: 0, the class of the error (satsync_status_class), or 128 + the signal that
 * interrupted it. Main thread only. */
int program_run(int argc, char *const *argv, FILE *out, FILE *err);

#endif
