/* How fast chunks are coded and decoded on one core, and how small they get. */
#ifndef BENCH_CODEC_SPEED_H
#define BENCH_CODEC_SPEED_H

#include "bench/row.h"
#include "bench/scenario.h"

enum { CODEC_FILES_LIMIT = 16 };

/* A file's name says its element: bf16, fp16, fp32 or fp64 anywhere in it, else bytes. */
struct codec_files {
    const char *const *paths;
    size_t count;
};

/* Two rows for each data set and codec, encoding and decoding; the share is of memcpy's speed on
 * the same bytes. */
enum satsync_status codec_speed_run(const struct scenario *scenario,
                                    const struct codec_files *files, struct row *rows,
                                    size_t *count, struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
