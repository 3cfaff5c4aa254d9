/* What a tensor costs. */
#include "base/check.h"
#include "engine/reader.h"

#include <stdio.h>
#include <string.h>

static bool is_own(const struct satsync_reader *reader, const struct index_extent *extent) {
    const struct manifest *root = &reader->manifest.root;
    return root->packs[extent->pack].step == root->step;
}

static void add_chunk(const struct satsync_reader *reader, const struct index_chunk *chunk,
                      struct satsync_tensor_cost *cost, unsigned *codecs) {
    if (chunk->is_derived) {
        cost->derived_bytes += chunk->raw_bytes;
        return;
    }
    if (is_own(reader, &chunk->own)) {
        cost->stored_bytes += chunk->own.sealed_bytes;
        cost->delta_bytes += chunk->has_base ? chunk->raw_bytes : 0;
        *codecs |= 1u << chunk->own.codec % 32;
    } else {
        cost->referred_bytes += chunk->own.sealed_bytes;
        cost->unchanged_bytes += chunk->raw_bytes;
    }
    if (chunk->has_base) {
        cost->referred_bytes += chunk->base.sealed_bytes;
    }
}

void satsync_reader_cost(const struct satsync_reader *reader, size_t index,
                         struct satsync_tensor_cost *cost) {
    assert(index < reader->tensors.count);
    const struct reader_item *item = &reader->tensors.at[index];
    const struct layout layout = {item->extent.bytes, item->extent.chunk_bytes};
    uint64_t count = item->extent.bytes > 0 ? layout_count(&layout) : 0;
    unsigned codecs = 0;
    *cost = (struct satsync_tensor_cost){.raw_bytes = item->extent.bytes};
    for (uint64_t i = 0; i < count; i++) {
        add_chunk(reader, &reader->chunks[item->extent.first_chunk + i], cost, &codecs);
    }
    size_t used = 0;
    for (unsigned codec = 0; codec < 32 && used < sizeof cost->codecs; codec++) {
        if (codecs & 1u << codec) {
            used += (size_t)snprintf(cost->codecs + used, sizeof cost->codecs - used, "%s%s",
                                     used > 0 ? " " : "", codec_name((uint8_t)codec));
        }
    }
}
