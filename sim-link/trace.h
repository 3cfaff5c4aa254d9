/*
 * Recorded links to replay, from a file.
 *
 * mahimahi's: a line is a whole number of milliseconds, one opportunity to send; not falling. Ours:
 *
 *     # satsync-link trace 1
 *     T_NS RATE_BPS DELAY_NS LOSS_PPB     each holds until the next line; the first at 0, rising
 *     T_NS end                            where it begins anew
 *
 * where a "-" leaves that figure to the profile (then on every line). Further lines that begin with
 * # are comments.
 */
#ifndef SIM_LINK_TRACE_H
#define SIM_LINK_TRACE_H

#include "base/memory.h"
#include "sim-link/lane.h"

struct trace {
    struct replay_trace replay; /* count 0 in ours */
    struct series rate;         /* without steps in mahimahi's, and where all are "-" */
    struct series loss;
    struct path_knot *delay; /* one more than the steps; NULL likewise */
    size_t delay_count;
    void *memory; /* behind all of the above */
    const struct allocator *allocator;
};

/* Of text in memory, of `bytes` bytes; `name` is for errors, which name the line. Pure. */
struct trace_text {
    const char *name;
    const char *text;
    size_t bytes;
};
enum satsync_status trace_parse(const struct trace_text *text, const struct allocator *allocator,
                                struct trace *trace,
                                struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Of a file, of at most 1 GiB. */
enum satsync_status trace_read(const char *path, const struct allocator *allocator,
                               struct trace *trace, struct satsync_error *error) SATSYNC_MUST_CHECK;

void trace_fini(struct trace *trace);

#endif
