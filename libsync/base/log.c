#include "base/log.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

void log_line(const struct log *log, enum log_level level, const char *module, const char *format,
              ...) {
    if (!log || !log->write || level > log->level) {
        return;
    }
    char line[512];
    int prefix = snprintf(line, sizeof line, "%.32s: ", module);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + prefix, sizeof line - (size_t)prefix, format, arguments);
    va_end(arguments);
    /* What a peer or a file name put in must neither begin a line of its own nor move a cursor. */
    for (char *at = line; *at; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f) {
            *at = '?';
        }
    }
    log->write(log->context, level, line);
}
