/*
 * Speed, bias and error of coding contributions, on one core: made differences and --data files.
 */
#ifndef BENCH_QUANTISE_SPEED_H
#define BENCH_QUANTISE_SPEED_H

#include "bench/codec_speed.h"

enum satsync_status quantise_speed_run(const struct scenario *scenario,
                                       const struct codec_files *files, struct row *rows,
                                       size_t *count,
                                       struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
