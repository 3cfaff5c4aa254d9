/* Ranks of a site on this machine: messages over UCX beside ucx_perftest, all-reduce beside Open
 * MPI, each pair of runs one after the other. */
#ifndef BENCH_UCX_SPEED_H
#define BENCH_UCX_SPEED_H

#include "bench/row.h"
#include "bench/scenario.h"

/* *count rows are filled. */
enum satsync_status ucx_speed_run(const struct scenario *scenario, struct row *rows, size_t *count,
                                  struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
