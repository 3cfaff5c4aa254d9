/*
 * A Huffman coder for planes of floats that writes zstd frames (RFC 8878), faster than zstd's own:
 * it looks two symbols up at once. Any zstd decodes them.
 */
#ifndef CODEC_HUFFMAN_H
#define CODEC_HUFFMAN_H

#include "codec/huffman_code.h"

enum {
    HUFFMAN_BLOCK_BYTES = 1 << 17,
    /* A quarter of a block at the longest code, with room to store eight bytes. */
    HUFFMAN_STREAM_BYTES = HUFFMAN_BLOCK_BYTES / 4 * HUFFMAN_BITS_MAX / 8 + 16
};

/* Scratch of one thread. */
struct huffman {
    uint32_t pairs[HUFFMAN_SYMBOLS * 256]; /* of a symbol and the next: their count, then code */
    uint8_t stream[HUFFMAN_STREAM_BYTES];
};

/* Writes one frame of raw[raw_bytes] into coded[room] and returns its size; 0 when the plane is
 * none for this coder: empty, a symbol above 128, or too little room (the last block wants what the
 * longest codes would take). Pure; the same bytes on every CPU. */
size_t huffman_encode(struct huffman *huffman, const uint8_t *raw, size_t raw_bytes, uint8_t *coded,
                      size_t room);

#endif
