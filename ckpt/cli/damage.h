/*
 * Telling what is damaged: a line each, and the array "damages".
 */
#ifndef CLI_DAMAGE_H
#define CLI_DAMAGE_H

#include "ckpt/cli/output.h"

#include <satsync/store.h>

enum { DAMAGES_SHOWN = 256 };

/* Of `count` damages at most `capacity` are in `damages`. */
void damage_tell(struct output *output, const struct satsync_damage *damages, uint64_t count,
                 size_t capacity);

#endif
