/*
 * Codec scratches shared by everything that codes in one engine: each is used by one task at a time
 * and kept for the next. Any thread.
 */
#ifndef ENGINE_SCRATCH_H
#define ENGINE_SCRATCH_H

#include "codec/codec.h"
#include "engine/engine.h"

/* A scratch for chunks of up to CODEC_CHUNK_BYTES (or `chunk_bytes` if more); NULL: no memory. */
struct codec_scratch *scratch_take(struct satsync_engine *engine, size_t chunk_bytes);
void scratch_give(struct satsync_engine *engine, struct codec_scratch *scratch, size_t chunk_bytes);

/* Frees those not in use, at the engine's end. */
void scratch_free_all(struct satsync_engine *engine);

#endif
