/*
 * How a run of bytes (a tensor, a blob, a file header) is cut into chunks: all of equal size but
 * the last. Pure.
 */
#ifndef MODEL_LAYOUT_H
#define MODEL_LAYOUT_H

#include "base/ranges.h"

struct layout {
    uint64_t bytes;
    uint64_t chunk_bytes; /* a multiple of the element width, at least 1 */
};

/* chunk_bytes is `target_bytes` rounded down to a multiple of `width`, at least one element. */
struct layout layout_of(uint64_t bytes, uint8_t width, uint64_t target_bytes);

/* 0 for no bytes. */
uint64_t layout_count(const struct layout *layout);

/* Byte range of chunk `index` < layout_count. */
struct range layout_chunk(const struct layout *layout, uint64_t index);

/* The chunks that overlap bytes [from, to), to <= bytes; empty when from == to. */
struct range layout_overlap(const struct layout *layout, uint64_t from, uint64_t to);

#endif
