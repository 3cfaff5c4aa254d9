/*
 * What came of one scenario: one line of the table, one object of results.json.
 *
 * A row is in virtual or in wall time, never in both; a wall row carries the machine's load,
 * without which it says little.
 */
#ifndef BENCH_ROW_H
#define BENCH_ROW_H

#include <stddef.h>
#include <stdint.h>

enum row_clock { ROW_VIRTUAL, ROW_WALL };

enum {
    ROW_NAME_BYTES = 64,
    ROW_FIGURES = 16,
    ROW_RUNS = 1024,
    ROWS_A_SCENARIO = 144, /* at most */
    ROW_SHARE_ONE = 1000000
};

/* Beside the time: reported, never judged. */
struct row_figure {
    const char *name; /* with its unit last; static */
    double value;
};

/* One run of a scenario. */
struct row_run {
    uint64_t seed;
    uint64_t time_ns;
    uint64_t floor_ns;  /* what nothing could beat; 0: none is known */
    uint32_t share_ppm; /* floor / time, or of another limit that the row names */
};

struct row {
    char scenario[ROW_NAME_BYTES];
    char part[ROW_NAME_BYTES]; /* "" or what of it, such as "encode planes" */
    enum row_clock clock;
    uint64_t bytes;
    const char *limit;     /* what the share is of, in words; static */
    uint32_t target_ppm;   /* 0: for information */
    struct row_run median; /* by share */
    struct row_run worst;
    size_t runs;
    double load; /* of the machine when it began: runnable threads, 1 min */
    struct row_figure figures[ROW_FIGURES];
    size_t figure_count;
};

void row_figure(struct row *row, const char *name, double value);

/* Sorts the runs by share, the worst first, and fills median and worst. */
void row_settle(struct row *row, struct row_run *runs, size_t count);

/* The share of `limit` that `done` is, both in any one unit; 0 when nothing is done. */
uint32_t row_share(uint64_t limit, uint64_t done);

#endif
