/* All-reduce of fp32 between two ranks over UCX, in place. */
#ifndef BENCH_UCX_REDUCE_H
#define BENCH_UCX_REDUCE_H

#include <satsync/status.h>
#include <stddef.h>
#include <stdint.h>

enum { UCX_REDUCE_TIMES = 5 };

/* The median time of UCX_REDUCE_TIMES of them, each begun by a barrier, after one for warming. */
enum satsync_status ucx_reduce(const char *transports, uint64_t bytes, uint64_t *time_ns,
                               struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
