/* One message between two processes over real UDP on 127.0.0.1, encrypted, in wall time. */
#ifndef BENCH_LOOPBACK_H
#define BENCH_LOOPBACK_H

#include "bench/row.h"
#include "bench/scenario.h"

/* The share is of the lower of 4 Gbit/s and half of what the AEAD alone does on one core, measured
 * in the same run; so a target of 100 % is what the row has to reach. */
enum satsync_status loopback_run(const struct scenario *scenario, struct row *row,
                                 struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
