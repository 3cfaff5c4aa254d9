/*
 * --help, made from the commands' and options' rows.
 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "ckpt/cli/command.h"

#include <stdio.h>

/* Of one command, or with NULL of the program. */
void help_print(const struct command *command, FILE *out);

#endif
