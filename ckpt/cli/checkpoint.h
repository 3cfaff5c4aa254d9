/*
 * A checkpoint's figures, as several commands tell them.
 */
#ifndef CLI_CHECKPOINT_H
#define CLI_CHECKPOINT_H

#include <jansson.h>
#include <satsync/store.h>

enum { CHECKPOINT_RATIO_BYTES = 16 };

/* A JSON object of everything a manifest says in clear; NULL when memory ran out. */
json_t *checkpoint_json(const struct satsync_checkpoint_info *info);

/* Pure. How many times smaller it is stored, "1.42"; "-" of an empty one. */
void checkpoint_ratio(char out[CHECKPOINT_RATIO_BYTES], const struct satsync_checkpoint_info *info);

#endif
