/*
 * Log: a leaf sink that a program hands in. The place that knew logs, once; nothing secret, ever.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <satsync/status.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

struct log {
    /* May be NULL: nothing is logged. `line` has no newline. Must not call back into the library.
     */
    void (*write)(void *context, enum log_level level, const char *line);
    void *context;
    enum log_level level; /* lines above it are dropped before they are formatted */
};

/* log may be NULL. `module` is the folder's name, such as "wan". Lines are cut at 512 bytes. */
void log_line(const struct log *log, enum log_level level, const char *module, const char *format,
              ...) SATSYNC_PRINTF(4, 5);

#endif
