/* Saving and restoring a state of weights, beside a plain write and read of the same bytes. */
#ifndef BENCH_STORE_SPEED_H
#define BENCH_STORE_SPEED_H

#include "bench/row.h"
#include "bench/scenario.h"

/* `folder` takes the store and the plain file while it runs. Two rows: save and restore. */
enum satsync_status store_speed_run(const struct scenario *scenario, const char *folder,
                                    struct row *rows, size_t *count,
                                    struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
