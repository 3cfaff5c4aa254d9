/*
 * Tags: names that people give to checkpoints of a store, in a record of its own for each step, in
 * clear and unsigned. See <satsync/store.h> for the public calls.
 */
#ifndef ENGINE_TAGS_H
#define ENGINE_TAGS_H

#include "engine/store.h"

/* True when the step has a tag, or when that cannot be known. */
bool tags_keep(struct satsync_store *store, uint64_t step);

/* Drops the tags of a step that was removed. */
enum satsync_status tags_forget(struct satsync_store *store, uint64_t step,
                                struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
