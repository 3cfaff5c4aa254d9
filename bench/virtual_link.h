/* One message over an emulated link in virtual time, and what nothing could beat there. */
#ifndef BENCH_VIRTUAL_LINK_H
#define BENCH_VIRTUAL_LINK_H

#include "bench/row.h"
#include "bench/scenario.h"

/* Runs all seeds and fills the row; progress is the caller's. */
enum satsync_status virtual_link_run(const struct scenario *scenario, struct row *row,
                                     struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
