#include "sim-link/check/samples.h"

#include "base/check.h"
#include "base/memory.h"
#include "sim-link/check/stats.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { LINE_BYTES = 512, SLOT_SAMPLES_LEAST = 5, SLOT_SAMPLES_LIMIT = 64 };

static const double SLOT_S = 15;
static const double PHASE_S = 12;
static const double DAY_GAP_S = 600;

enum satsync_status samples_add(struct samples *samples, double time_s, double rtt_ms) {
    if (samples->count == samples->capacity) {
        size_t capacity = samples->capacity == 0 ? 65536 : 2 * samples->capacity;
        struct sample *at =
            memory_grow(NULL, samples->at, samples->capacity * sizeof *at, capacity * sizeof *at);
        if (at == NULL) {
            return SATSYNC_NO_MEMORY;
        }
        samples->at = at;
        samples->capacity = capacity;
    }
    bool first = samples->count == 0;
    if (first || time_s - samples->at[samples->count - 1].time_s > DAY_GAP_S) {
        if (samples->days == SAMPLES_DAYS_LIMIT) {
            return SATSYNC_LIMIT;
        }
        samples->starts[samples->days++] = samples->count;
    }
    samples->at[samples->count++] = (struct sample){time_s, rtt_ms};
    samples->starts[samples->days] = samples->count;
    return SATSYNC_OK;
}

static enum satsync_status read_line(struct samples *samples, const char *line, size_t number,
                                     struct satsync_error *error) {
    char *end = NULL;
    double time_s = strtod(line, &end);
    if (end == line && number == 1) {
        return SATSYNC_OK;
    }
    ENSURE(end != line && *end == ',', error, SATSYNC_INVALID, "samples",
           "line %zu does not begin with SECONDS,MILLISECONDS", number);
    const char *from = end + 1;
    double rtt_ms = strtod(from, &end);
    if (end == from) {
        return SATSYNC_OK; /* nothing was measured */
    }
    ENSURE(rtt_ms >= 0 && isfinite(rtt_ms) && isfinite(time_s) && time_s >= 0, error,
           SATSYNC_INVALID, "samples", "line %zu has a time that cannot be", number);
    ENSURE(samples->count == 0 || time_s >= samples->at[samples->count - 1].time_s, error,
           SATSYNC_INVALID, "samples", "line %zu is before the line before it; sort them", number);
    enum satsync_status status = samples_add(samples, time_s, rtt_ms);
    ENSURE(status == SATSYNC_OK, error, status, "samples", "line %zu: %s", number,
           status == SATSYNC_LIMIT ? "more than 64 days" : "no memory for more");
    return SATSYNC_OK;
}

enum satsync_status samples_read(const char *path, struct samples *samples,
                                 struct satsync_error *error) {
    *samples = (struct samples){.at = NULL};
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return error_set_errno(error, errno, path, "opening the measurements");
    }
    char line[LINE_BYTES];
    enum satsync_status status = SATSYNC_OK;
    for (size_t number = 1; status == SATSYNC_OK && fgets(line, sizeof line, file); number++) {
        status = read_line(samples, line, number, error);
    }
    fclose(file);
    if (status == SATSYNC_OK && samples->count == 0) {
        status = error_set(error, SATSYNC_INVALID, path, "%s holds no measurement", path);
    }
    if (status != SATSYNC_OK) {
        samples_fini(samples);
    }
    return status;
}

void samples_fini(struct samples *samples) {
    memory_free(NULL, samples->at);
    *samples = (struct samples){.at = NULL};
}

static bool is_in(struct samples_part part, size_t day) {
    return part.all_but < 0 || (part.all_but == 1) == (day != part.day);
}

enum satsync_status samples_rtts(const struct samples *samples, struct samples_part part,
                                 struct distribution *out) {
    out->count = 0;
    out->values = memory_new(NULL, samples->count + 1, sizeof *out->values);
    if (out->values == NULL) {
        return SATSYNC_NO_MEMORY;
    }
    for (size_t day = 0; day < samples->days; day++) {
        for (size_t i = samples->starts[day]; is_in(part, day) && i < samples->starts[day + 1];
             i++) {
            out->values[out->count++] = samples->at[i].rtt_ms;
        }
    }
    stats_sort(out->values, out->count);
    return SATSYNC_OK;
}

static double slot_of(double time_s) {
    return floor((time_s - PHASE_S) / SLOT_S);
}

/* The median of the slot that begins at *at, which moves behind it; NAN when it has too few. */
static double next_median(const struct samples *samples, size_t *at, size_t end) {
    double values[SLOT_SAMPLES_LIMIT];
    size_t count = 0;
    double slot = slot_of(samples->at[*at].time_s);
    for (; *at < end && slot_of(samples->at[*at].time_s) == slot; (*at)++) {
        if (count < SLOT_SAMPLES_LIMIT) {
            values[count++] = samples->at[*at].rtt_ms;
        }
    }
    stats_sort(values, count);
    return count < SLOT_SAMPLES_LEAST ? NAN : stats_quantile(values, count, 0.5);
}

enum satsync_status samples_jumps(const struct samples *samples, struct samples_part part,
                                  struct distribution *out) {
    out->count = 0;
    out->values = memory_new(NULL, samples->count + 1, sizeof *out->values);
    if (out->values == NULL) {
        return SATSYNC_NO_MEMORY;
    }
    for (size_t day = 0; day < samples->days; day++) {
        size_t end = samples->starts[day + 1];
        double last = NAN;
        double last_slot = NAN;
        for (size_t i = samples->starts[day]; is_in(part, day) && i < end;) {
            double slot = slot_of(samples->at[i].time_s);
            double median = next_median(samples, &i, end);
            if (slot == last_slot + 1 && isfinite(median) && isfinite(last)) {
                out->values[out->count++] = fabs(median - last);
            }
            last = median;
            last_slot = slot;
        }
    }
    stats_sort(out->values, out->count);
    return SATSYNC_OK;
}
