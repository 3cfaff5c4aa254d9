#include "ckpt/cli/failure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum satsync_status failure_set(struct satsync_error *error, enum satsync_status status,
                                const char *subject, const char *format, ...) {
    error->status = status;
    snprintf(error->subject, sizeof error->subject, "%s", subject ? subject : "");
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    return status;
}

static enum satsync_status status_of(int errno_value) {
    switch (errno_value) {
    case ENOENT:
    case ENOTDIR:
        return SATSYNC_NOT_FOUND;
    case ENOMEM:
        return SATSYNC_NO_MEMORY;
    case ENOSPC:
    case EDQUOT:
        return SATSYNC_NO_SPACE;
    case EROFS:
        return SATSYNC_READ_ONLY;
    case EACCES:
    case EPERM:
        return SATSYNC_NO_PERMISSION;
    default:
        return SATSYNC_IO;
    }
}

enum satsync_status failure_set_errno(struct satsync_error *error, int errno_value,
                                      const char *subject, const char *doing) {
    return failure_set(error, status_of(errno_value), subject, "%s: %s", doing,
                       strerror(errno_value));
}
