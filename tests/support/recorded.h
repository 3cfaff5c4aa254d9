/* A link under load whose inside is looked at, and what was written. */
#ifndef SUPPORT_RECORDED_H
#define SUPPORT_RECORDED_H

#include "sim-link/record.h"

struct recorded {
    char folder[64];
    char capture[96];
    char series[96];
    struct lane_counts counts[2];
    char trace[TRACE_HASH_TEXT_BYTES];
};

/* Names of files in a new folder. */
void recorded_name(struct recorded *recorded);

/* Two seconds of `link` both ways, a packet each 500 us, recorded as `options` says. */
void recorded_run(struct recorded *recorded, const char *link,
                  const struct record_options *options);

/* The whole file, terminated; the caller frees it. */
char *recorded_read(const char *path, size_t *bytes);

/* Removes the folder. */
void recorded_end(const struct recorded *recorded);

#endif
