#include "base/check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    enum satsync_status status;
    const char *name;
} status_names[] = {
    {SATSYNC_OK, "ok"},
    {SATSYNC_AGAIN, "again"},
    {SATSYNC_INVALID, "invalid"},
    {SATSYNC_NOT_FOUND, "not-found"},
    {SATSYNC_CONFLICT, "conflict"},
    {SATSYNC_WRONG_STATE, "wrong-state"},
    {SATSYNC_UNSUPPORTED, "unsupported"},
    {SATSYNC_CANCELLED, "cancelled"},
    {SATSYNC_NO_MEMORY, "no-memory"},
    {SATSYNC_NO_SPACE, "no-space"},
    {SATSYNC_READ_ONLY, "read-only"},
    {SATSYNC_NO_PERMISSION, "no-permission"},
    {SATSYNC_IO, "io"},
    {SATSYNC_LIMIT, "limit"},
    {SATSYNC_BUSY, "busy"},
    {SATSYNC_NO_PATH, "no-path"},
    {SATSYNC_TIMED_OUT, "timed-out"},
    {SATSYNC_ADDRESS, "address"},
    {SATSYNC_REFUSED, "refused"},
    {SATSYNC_NEWER_VERSION, "newer-version"},
    {SATSYNC_PROTOCOL, "protocol"},
    {SATSYNC_PEER_FAILED, "peer-failed"},
    {SATSYNC_CORRUPT, "corrupt"},
    {SATSYNC_FORGED, "forged"},
    {SATSYNC_INCOMPLETE, "incomplete"},
    {SATSYNC_NO_KEY, "no-key"},
    {SATSYNC_BUG, "bug"},
};

const char *satsync_status_name(enum satsync_status status) {
    for (size_t i = 0; i < sizeof status_names / sizeof *status_names; i++) {
        if (status_names[i].status == status) {
            return status_names[i].name;
        }
    }
    return "unknown";
}

enum satsync_status_class satsync_status_class(enum satsync_status status) {
    if (status == SATSYNC_OK || status == SATSYNC_AGAIN) {
        return SATSYNC_CLASS_OK;
    }
    int status_class = (int)status / 16;
    if (status_class < SATSYNC_CLASS_USAGE || status_class > SATSYNC_CLASS_INTERNAL) {
        return SATSYNC_CLASS_INTERNAL;
    }
    return (enum satsync_status_class)status_class;
}

const char *satsync_status_class_name(enum satsync_status_class status_class) {
    switch (status_class) {
    case SATSYNC_CLASS_OK:
        return "ok";
    case SATSYNC_CLASS_USAGE:
        return "usage";
    case SATSYNC_CLASS_RESOURCE:
        return "resource";
    case SATSYNC_CLASS_LINK:
        return "link";
    case SATSYNC_CLASS_PEER:
        return "peer";
    case SATSYNC_CLASS_INTEGRITY:
        return "integrity";
    case SATSYNC_CLASS_INTERNAL:
        break;
    }
    return "internal";
}

enum satsync_status error_set(struct satsync_error *err, enum satsync_status status,
                              const char *subject, const char *format, ...) {
    if (err == NULL) {
        return status;
    }
    err->status = status;
    /* Built aside first: callers pass a former error's subject or message on as an argument. */
    char text[sizeof err->message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (subject != err->subject) {
        snprintf(err->subject, sizeof err->subject, "%s", subject ? subject : "");
    }
    memcpy(err->message, text, sizeof text);
    return status;
}

enum satsync_status status_of_errno(int errno_value) {
    switch (errno_value) {
    case 0:
        return SATSYNC_OK;
    case EAGAIN:
    case EINTR:
        return SATSYNC_AGAIN;
    case ENOENT:
    case ENOTDIR:
        return SATSYNC_NOT_FOUND;
    case EEXIST:
        return SATSYNC_CONFLICT;
    case ENOMEM:
    case ENOBUFS:
        return SATSYNC_NO_MEMORY;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return SATSYNC_NO_SPACE;
    case EROFS:
        return SATSYNC_READ_ONLY;
    case EACCES:
    case EPERM:
        return SATSYNC_NO_PERMISSION;
    case EMFILE:
    case ENFILE:
        return SATSYNC_LIMIT;
    case EBUSY:
    case EADDRINUSE:
        return SATSYNC_BUSY;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ECONNREFUSED:
    case EADDRNOTAVAIL:
        return SATSYNC_ADDRESS;
    case ETIMEDOUT:
        return SATSYNC_TIMED_OUT;
    case ENOSYS:
    case EOPNOTSUPP:
        return SATSYNC_UNSUPPORTED;
    case EINVAL:
    case ENAMETOOLONG:
    case EISDIR:
        return SATSYNC_INVALID;
    default:
        return SATSYNC_IO;
    }
}

static const char *next_step(enum satsync_status status) {
    switch (status) {
    case SATSYNC_NO_SPACE:
        return "; free some space and run it again";
    case SATSYNC_READ_ONLY:
        return "; mount it writable or choose another place";
    case SATSYNC_NO_PERMISSION:
        return "; check its owner and mode";
    case SATSYNC_NOT_FOUND:
        return "; check the path";
    default:
        return "";
    }
}

enum satsync_status error_set_errno(struct satsync_error *err, int errno_value, const char *subject,
                                    const char *doing) {
    enum satsync_status status = status_of_errno(errno_value);
    /* GNU's strerror_r, which returns the text and may leave the buffer alone. */
    char buffer[96];
    const char *reason = strerror_r(errno_value, buffer, sizeof buffer);
    return error_set(err, status, subject, "%s failed: %s%s", doing, reason, next_step(status));
}
