/*
 * How repair symbols cover a message, alike at both ends: block b is its symbols from
 * b * REPAIR_BLOCK_SYMBOLS on, the last block being shorter, and has its own repair symbols, each
 * as long as a full symbol; a shorter last symbol counts as filled up with zeros. Pure.
 */
#ifndef TRANSPORT_WAN_REPAIR_H
#define TRANSPORT_WAN_REPAIR_H

#include <stdint.h>

enum {
    REPAIR_BLOCK_SYMBOLS = 192,
    REPAIR_SYMBOLS_MAX = 62 /* per block; with the data at most PARITY_SYMBOLS_MAX */
};

struct repair_block {
    uint64_t first; /* symbol */
    uint16_t count; /* of data symbols */
};

uint64_t repair_symbols_of(uint64_t total, uint32_t symbol_bytes);

/* `block` must exist in a message of `symbols` symbols. */
struct repair_block repair_block_of(uint64_t block, uint64_t symbols);

/* How many repair symbols a block of `count` should have so that it fails about once in 5,000:
 * the mean number of losses among all its symbols plus 3.3 standard deviations of a Poisson
 * process, widened for losses that come in runs of mean length run_256 / 256. */
unsigned repair_count(unsigned count, uint64_t loss_ppm, uint64_t run_256);

#endif
