/*
 * Shell completion, made from the commands' and options' rows.
 */
#ifndef CLI_COMPLETION_H
#define CLI_COMPLETION_H

#include <stdio.h>

/* A script for bash to source. */
void completion_print_bash(FILE *out);

#endif
