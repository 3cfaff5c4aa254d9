#include "transport/wan/repair.h"

#include <assert.h>

uint64_t repair_symbols_of(uint64_t total, uint32_t symbol_bytes) {
    return (total - 1) / symbol_bytes + 1;
}

struct repair_block repair_block_of(uint64_t block, uint64_t symbols) {
    uint64_t first = block * REPAIR_BLOCK_SYMBOLS;
    assert(first < symbols);
    uint64_t count = symbols - first;
    count = count < REPAIR_BLOCK_SYMBOLS ? count : REPAIR_BLOCK_SYMBOLS;
    return (struct repair_block){first, (uint16_t)count};
}

static uint64_t square_root(uint64_t value) {
    uint64_t root = 0;
    for (uint64_t bit = UINT64_C(1) << 31; bit > 0; bit >>= 1) {
        uint64_t trial = root | bit;
        if (trial * trial <= value) {
            root = trial;
        }
    }
    return root;
}

unsigned repair_count(unsigned count, uint64_t loss_ppm, uint64_t run_256) {
    loss_ppm = loss_ppm < 300000 ? loss_ppm : 300000;
    run_256 = run_256 < 256 ? 256 : run_256 > 16 * 256 ? 16 * 256 : run_256;
    unsigned repair = 1;
    /* The repair symbols can be lost too, so the count is a fixed point; two rounds reach it. */
    for (int round = 0; round < 2; round++) {
        uint64_t mean = (count + repair) * loss_ppm; /* in millionths */
        uint64_t variance = mean * (2 * run_256 - 256) / 256;
        uint64_t deviation = square_root(variance) * 1000; /* sqrt(x / 1e6) * 1e6 */
        uint64_t need = mean + deviation * 33 / 10 + 500000;
        repair = (unsigned)((need + 999999) / 1000000);
    }
    return repair < REPAIR_SYMBOLS_MAX ? repair : REPAIR_SYMBOLS_MAX;
}
