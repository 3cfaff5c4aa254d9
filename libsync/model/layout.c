#include "model/layout.h"

#include <assert.h>

struct layout layout_of(uint64_t bytes, uint8_t width, uint64_t target_bytes) {
    assert(width >= 1);
    uint64_t chunk_bytes = target_bytes / width * width;
    return (struct layout){bytes, chunk_bytes ? chunk_bytes : width};
}

uint64_t layout_count(const struct layout *layout) {
    return layout->bytes / layout->chunk_bytes + (layout->bytes % layout->chunk_bytes != 0);
}

struct range layout_chunk(const struct layout *layout, uint64_t index) {
    assert(index < layout_count(layout));
    uint64_t from = index * layout->chunk_bytes;
    uint64_t left = layout->bytes - from;
    return (struct range){from, from + (left < layout->chunk_bytes ? left : layout->chunk_bytes)};
}

struct range layout_overlap(const struct layout *layout, uint64_t from, uint64_t to) {
    assert(from <= to && to <= layout->bytes);
    uint64_t first = from / layout->chunk_bytes;
    return (struct range){first, from == to ? first : (to - 1) / layout->chunk_bytes + 1};
}
