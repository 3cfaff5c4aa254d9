/*
 * Options: every knob is one row of a table. Flags, environment variables, URI parameters, help,
 * manual pages and completion are all made from the rows.
 */
#ifndef SATSYNC_OPTION_H
#define SATSYNC_OPTION_H

#include <satsync/status.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum satsync_option_type {
    SATSYNC_OPTION_BOOL,     /* yes, no, true, false, 1, 0; the value is 0 or 1 */
    SATSYNC_OPTION_COUNT,    /* a whole number */
    SATSYNC_OPTION_BYTES,    /* 4096, 64KiB, 1MB, 2GiB: bytes */
    SATSYNC_OPTION_RATE,     /* 100M, 100Mbit, 2.5Gbit/s: bits per second */
    SATSYNC_OPTION_DURATION, /* 600ms, 1.5s, 10min: nanoseconds; a unit is required except for 0 */
    SATSYNC_OPTION_FRACTION, /* 1%, 0.01, 1e-6: parts per billion, at most 1e9 */
    SATSYNC_OPTION_CHOICE,   /* one of the words in `unit`; the value is its index from 0 */
    SATSYNC_OPTION_TEXT      /* any text; the value is its length in bytes, within min and max */
};

struct satsync_option {
    const char *name; /* lower case, words joined by '-' */
    enum satsync_option_type type;
    const char *unit;     /* what help shows for the value, such as "BYTES"; of a choice "a|b|c" */
    const char *fallback; /* default, in the form a user would type; NULL when there is none */
    uint64_t min;
    uint64_t max;
    const char *help; /* one honest sentence */
};

/* Pure. Parses `text` for `row`; *value is only set on success. Errors name option and bounds. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_option_parse(const struct satsync_option *row, const char *text, uint64_t *value,
                     struct satsync_error *error);

/* Pure. The row called `name`, or NULL; then *nearest (may be NULL) is the most similar name, or
 * NULL when none is similar. */
SATSYNC_API const struct satsync_option *satsync_option_find(const struct satsync_option *rows,
                                                             size_t count, const char *name,
                                                             const char **nearest);

/* Pure. Writes `value` as a user would type it; always terminated. */
SATSYNC_API void satsync_option_format(const struct satsync_option *row, uint64_t value, char *out,
                                       size_t out_bytes);

#ifdef __cplusplus
}
#endif
#endif
