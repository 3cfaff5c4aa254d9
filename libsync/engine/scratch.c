#include "engine/scratch.h"

#include <assert.h>

/* Larger chunks than usual are rare: their scratches are made and freed each time. */
static bool usual(size_t chunk_bytes) {
    return chunk_bytes <= CODEC_CHUNK_BYTES;
}

struct codec_scratch *scratch_take(struct satsync_engine *engine, size_t chunk_bytes) {
    struct codec_scratch *scratch = NULL;
    if (usual(chunk_bytes)) {
        monitor_lock(engine->monitor);
        if (engine->scratch_count > 0) {
            scratch = engine->scratches[--engine->scratch_count];
        }
        monitor_unlock(engine->monitor);
        chunk_bytes = CODEC_CHUNK_BYTES;
    }
    return scratch ? scratch : codec_scratch_new(engine->allocator, chunk_bytes);
}

void scratch_give(struct satsync_engine *engine, struct codec_scratch *scratch,
                  size_t chunk_bytes) {
    if (scratch && usual(chunk_bytes)) {
        monitor_lock(engine->monitor);
        if (engine->scratch_count < ENGINE_SCRATCHES) {
            engine->scratches[engine->scratch_count++] = scratch;
            scratch = NULL;
        }
        monitor_unlock(engine->monitor);
    }
    codec_scratch_free(scratch);
}

void scratch_free_all(struct satsync_engine *engine) {
    while (engine->scratch_count > 0) {
        codec_scratch_free(engine->scratches[--engine->scratch_count]);
    }
}
