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
    int prefix = snprintf(line, sizeof line, "%s: ", module);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + prefix, sizeof line - (size_t)prefix, format, arguments);
    va_end(arguments);
    log->write(log->context, level, line);
}
