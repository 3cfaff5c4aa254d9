/*
 * Time of one outer step among three sites, over emulated links in virtual time.
 */
#ifndef BENCH_OUTER_STEP_H
#define BENCH_OUTER_STEP_H

#include "bench/row.h"
#include "bench/scenario.h"

enum satsync_status outer_step_run(const struct scenario *scenario, struct row *row,
                                   struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
