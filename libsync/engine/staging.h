/*
 * Staging: the buffers that a save copies chunks into, kept from one save to the next. Taking them
 * from the system each time would make the trainer wait for a page fault per 4 KiB. Any thread.
 */
#ifndef ENGINE_STAGING_H
#define ENGINE_STAGING_H

#include "engine/engine.h"

/* SATSYNC_NO_MEMORY leaves both NULL. The content is whatever was there. */
enum satsync_status staging_take(struct satsync_engine *engine, size_t chunk_bytes,
                                 struct staging *staging) SATSYNC_MUST_CHECK;

/* Keeps chunks of the usual size for the next save, within the engine's budget; frees others. Both
 * pointers become NULL; NULL ones are fine. */
void staging_give(struct satsync_engine *engine, size_t chunk_bytes, struct staging *staging);

/* Frees what is kept, at the engine's end. */
void staging_free_all(struct satsync_engine *engine);

#endif
