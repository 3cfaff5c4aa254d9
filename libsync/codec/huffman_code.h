/*
 * A length-limited canonical Huffman code, as zstd's literals use it (RFC 8878 section 4.2.1).
 */
#ifndef CODEC_HUFFMAN_CODE_H
#define CODEC_HUFFMAN_CODE_H

#include <stddef.h>
#include <stdint.h>

enum {
    HUFFMAN_SYMBOLS = 129, /* what a description without FSE can name: 0 to 128 */
    HUFFMAN_BITS_MAX = 11,
    HUFFMAN_DESCRIPTION_BYTES = 1 + HUFFMAN_SYMBOLS / 2
};

struct huffman_code {
    uint32_t counts[HUFFMAN_SYMBOLS]; /* how often each occurs: set by the caller */
    uint8_t lengths[HUFFMAN_SYMBOLS]; /* bits; 0: does not occur */
    uint16_t values[HUFFMAN_SYMBOLS];
    uint8_t sorted[HUFFMAN_SYMBOLS]; /* those that occur, the rarest first */
    size_t kinds;                    /* that occur */
    unsigned last;                   /* the highest that occurs */
    unsigned longest;                /* bits */
};

/* Makes the code for `counts`; with fewer than two kinds only `sorted`, `kinds` and `last`. Pure.
 */
void huffman_code_build(struct huffman_code *code);

/* Writes the code's description; returns its bytes, at most HUFFMAN_DESCRIPTION_BYTES. Pure. */
size_t huffman_code_describe(const struct huffman_code *code,
                             uint8_t out[HUFFMAN_DESCRIPTION_BYTES]);

#endif
