/*
 * Round trips over time, measured or generated, and what is compared of them: their distribution,
 * and the jumps between the medians of consecutive slots of 15 s, which begin at second 12.
 */
#ifndef SIM_LINK_CHECK_SAMPLES_H
#define SIM_LINK_CHECK_SAMPLES_H

#include <satsync/status.h>
#include <stddef.h>

enum { SAMPLES_DAYS_LIMIT = 64 };

struct sample {
    double time_s; /* UTC, or the link's clock */
    double rtt_ms;
};

struct samples {
    struct sample *at;
    size_t count;
    size_t capacity;
    /* A day ends where nothing was measured for ten minutes: day i is [starts[i], starts[i + 1]).
     */
    size_t starts[SAMPLES_DAYS_LIMIT + 1];
    size_t days;
};

enum satsync_status samples_add(struct samples *samples, double time_s, double rtt_ms);

/* Lines of seconds, milliseconds and anything more, by commas; a first line of words is passed
 * over. */
enum satsync_status samples_read(const char *path, struct samples *samples,
                                 struct satsync_error *error) SATSYNC_MUST_CHECK;
void samples_fini(struct samples *samples);

/* Sorted; the caller's to free. NULL when memory ran out. */
struct distribution {
    double *values;
    size_t count;
};

/* Of all days but `but` (or of that day alone). */
struct samples_part {
    size_t day;
    int all_but; /* 1: all but it; 0: it alone; -1: all */
};
enum satsync_status samples_rtts(const struct samples *samples, struct samples_part part,
                                 struct distribution *out);
enum satsync_status samples_jumps(const struct samples *samples, struct samples_part part,
                                  struct distribution *out);

#endif
