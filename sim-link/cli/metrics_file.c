#include "sim-link/cli/metrics_file.h"

#include "base/check.h"
#include "sim-link/link_metrics.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 4200 };

static bool write_text(const char *path, const char *text) {
    FILE *file = fopen(path, "we");
    if (file == NULL) {
        return false;
    }
    bool written = fputs(text, file) >= 0;
    return fclose(file) == 0 && written;
}

enum satsync_status metrics_file_write(const char *path, const struct relay_report *report,
                                       struct satsync_error *error) {
    static char text[LINK_METRICS_BYTES];
    char aside[PATH_BYTES];
    int bytes = snprintf(aside, sizeof aside, "%s.tmp", path);
    ENSURE(bytes > 0 && (size_t)bytes < sizeof aside, error, SATSYNC_INVALID, path,
           "%s is too long for a path", path);
    link_metrics_text(report, text);
    if (!write_text(aside, text) || rename(aside, path) != 0) {
        int problem = errno;
        unlink(aside);
        return error_set_errno(error, problem, path, "writing the metrics");
    }
    return SATSYNC_OK;
}
