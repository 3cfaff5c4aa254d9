/*
 * One line on a terminal that says how far an operation is: state, share, bytes, rate, time left.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <satsync/engine.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { PROGRESS_LINE_BYTES = 256, PROGRESS_WINDOW = 32, PROGRESS_INTERVAL_NS = 200000000 };

/* The pace of late, from which the time left follows: the last PROGRESS_WINDOW samples in which
 * the operation was not waiting for the link. */
struct progress_pace {
    uint64_t last_ns;
    uint64_t last_bytes; /* beyond what the receiver already had */
    bool started;
    double rates[PROGRESS_WINDOW]; /* bytes a second */
    size_t next;
    size_t count;
};

/* Pure. Takes one sample into account. */
void progress_sample(struct progress_pace *pace, const struct satsync_progress *progress,
                     uint64_t now_ns);

/* Pure. Mean pace in bytes a second, 0 when unknown. */
double progress_rate(const struct progress_pace *pace);

/* Pure. False while unknown. `spread_ns` is the standard error of the time left. */
bool progress_time_left(const struct progress_pace *pace, const struct satsync_progress *progress,
                        uint64_t *left_ns, uint64_t *spread_ns);

/* Pure. The word for what the operation is doing, such as "waiting for the link". */
const char *progress_word(enum satsync_activity activity);

/* Pure. Writes the line without line end; always terminated. */
void progress_line(char out[PROGRESS_LINE_BYTES], const char *label,
                   const struct satsync_progress *progress, const struct progress_pace *pace);

struct progress {
    FILE *stream; /* NULL: not a terminal, nothing is drawn */
    const char *label;
    struct progress_pace pace;
    bool drawn;
    uint64_t drawn_ns;
};

/* Draws on `stream` when `wanted` and it is a terminal. `label` is borrowed. */
void progress_init(struct progress *shown, FILE *stream, bool wanted, const char *label);

/* Redraws, at most every PROGRESS_INTERVAL_NS. */
void progress_show(struct progress *shown, const struct satsync_progress *progress,
                   uint64_t now_ns);

/* Wipes the line off the terminal. */
void progress_clear(struct progress *shown);

#endif
