/*
 * Error detail of the program's own checks, in the form of the library's.
 */
#ifndef CLI_FAILURE_H
#define CLI_FAILURE_H

#include <satsync/status.h>

/* Fills *error and returns `status`. `subject` may be NULL. */
enum satsync_status failure_set(struct satsync_error *error, enum satsync_status status,
                                const char *subject, const char *format, ...) SATSYNC_PRINTF(4, 5);

/* As failure_set, saying why a system call failed; the status follows from `errno_value`. */
enum satsync_status failure_set_errno(struct satsync_error *error, int errno_value,
                                      const char *subject, const char *doing);

#endif
