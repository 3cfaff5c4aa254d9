#include "engine/staging.h"

#include "codec/codec.h"
#include "codec/seal.h"

static size_t sealed_room(size_t chunk_bytes) {
    return codec_bound(chunk_bytes) + SEAL_TAG_BYTES;
}

static void release(struct satsync_engine *engine, struct staging *staging) {
    memory_free(engine->allocator, staging->raw);
    memory_free(engine->allocator, staging->sealed);
    *staging = (struct staging){0};
}

enum satsync_status staging_take(struct satsync_engine *engine, size_t chunk_bytes,
                                 struct staging *staging) {
    *staging = (struct staging){0};
    if (chunk_bytes == CODEC_CHUNK_BYTES) {
        monitor_lock(engine->monitor);
        if (engine->staging_kept > 0) {
            *staging = engine->staging[--engine->staging_kept];
        }
        monitor_unlock(engine->monitor);
    }
    if (!staging->raw) {
        staging->raw = memory_new(engine->allocator, 1, chunk_bytes);
        staging->sealed = memory_new(engine->allocator, 1, sealed_room(chunk_bytes));
    }
    if (!staging->raw || !staging->sealed) {
        release(engine, staging);
        return SATSYNC_NO_MEMORY;
    }
    return SATSYNC_OK;
}

static size_t most_kept(const struct satsync_engine *engine) {
    uint64_t count = engine->memory_bytes / (CODEC_CHUNK_BYTES + sealed_room(CODEC_CHUNK_BYTES));
    return count < ENGINE_STAGING_KEPT ? (size_t)count : ENGINE_STAGING_KEPT;
}

void staging_give(struct satsync_engine *engine, size_t chunk_bytes, struct staging *staging) {
    if (staging->raw && chunk_bytes == CODEC_CHUNK_BYTES) {
        monitor_lock(engine->monitor);
        if (engine->staging_kept < most_kept(engine)) {
            engine->staging[engine->staging_kept++] = *staging;
            *staging = (struct staging){0};
        }
        monitor_unlock(engine->monitor);
    }
    release(engine, staging);
}

void staging_free_all(struct satsync_engine *engine) {
    while (engine->staging_kept > 0) {
        release(engine, &engine->staging[--engine->staging_kept]);
    }
}
