/* What every command of satsync-link prints alike: JSON on the last line, and errors. */
#ifndef SIM_LINK_CLI_REPORT_H
#define SIM_LINK_CLI_REPORT_H

#include "base/json.h"

#include <satsync/status.h>
#include <stdbool.h>

/* Begins an object with the command's name and status; the caller ends it. */
void report_start(struct json *json, const char *command, enum satsync_status status);

/* Prints and frees it. */
void report_print(struct json *json);

/* Prints the error; gives the exit code. */
int report_failure(const struct satsync_error *error, const char *command, bool as_json);

#endif
