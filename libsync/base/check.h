/*
 * Checks and error detail.
 *
 * Input is checked with ENSURE and returned; our own mistakes are assert()ed, and asserts stay on
 * in every build. The place that knows most sets the error; callers pass the status on with TRY.
 */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

#include <assert.h>
#include <satsync/status.h>

/* Fills `err` (may be NULL) and returns `status`. `subject` may be NULL. */
enum satsync_status error_set(struct satsync_error *err, enum satsync_status status,
                              const char *subject, const char *format, ...) SATSYNC_PRINTF(4, 5);

/* As error_set, with status and reason taken from an errno value (ENOSPC, EROFS, EACCES, ...). */
enum satsync_status error_set_errno(struct satsync_error *err, int errno_value, const char *subject,
                                    const char *doing);

/* The status an errno value stands for. Pure. */
enum satsync_status status_of_errno(int errno_value);

#define TRY(expression)                                                                            \
    do {                                                                                           \
        enum satsync_status try_status_ = (expression);                                            \
        if (try_status_ != SATSYNC_OK) {                                                           \
            return try_status_;                                                                    \
        }                                                                                          \
    } while (0)

/* ENSURE(condition, err, status, subject, format, ...) returns the error when the condition fails.
 */
#define ENSURE(condition, err, status, ...)                                                        \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            return error_set((err), (status), __VA_ARGS__);                                        \
        }                                                                                          \
    } while (0)

#endif
