#include "codec/huffman_code.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

static void sort_symbols(struct huffman_code *code) {
    code->kinds = 0;
    for (unsigned symbol = 0; symbol < HUFFMAN_SYMBOLS; symbol++) {
        if (code->counts[symbol] == 0) {
            continue;
        }
        size_t at = code->kinds++;
        for (; at > 0 && code->counts[code->sorted[at - 1]] > code->counts[symbol]; at--) {
            code->sorted[at] = code->sorted[at - 1];
        }
        code->sorted[at] = (uint8_t)symbol;
        code->last = symbol;
    }
}

/* Huffman's algorithm over sorted leaves: made nodes come in rising order, so two queues do. Gives
 * how many leaves there are of each depth. */
static void count_depths(const struct huffman_code *code, uint32_t depths[HUFFMAN_SYMBOLS]) {
    uint64_t weights[HUFFMAN_SYMBOLS]; /* of made nodes; the root is the last */
    uint16_t leaf_parents[HUFFMAN_SYMBOLS];
    uint16_t node_parents[HUFFMAN_SYMBOLS];
    uint8_t node_depths[HUFFMAN_SYMBOLS];
    size_t leaf = 0;
    size_t node = 0;
    size_t made = 0;
    assert(code->kinds >= 2 && code->kinds <= HUFFMAN_SYMBOLS);
    for (; made + 1 < code->kinds; made++) {
        weights[made] = 0;
        for (int child = 0; child < 2; child++) {
            bool take_leaf = leaf < code->kinds &&
                             (node == made || code->counts[code->sorted[leaf]] <= weights[node]);
            weights[made] += take_leaf ? code->counts[code->sorted[leaf]] : weights[node];
            *(take_leaf ? &leaf_parents[leaf++] : &node_parents[node++]) = (uint16_t)made;
        }
    }
    node_depths[made - 1] = 0;
    for (size_t i = made - 1; i-- > 0;) {
        node_depths[i] = (uint8_t)(node_depths[node_parents[i]] + 1);
    }
    memset(depths, 0, HUFFMAN_SYMBOLS * sizeof *depths);
    for (size_t i = 0; i < code->kinds; i++) {
        depths[node_depths[leaf_parents[i]] + 1]++;
    }
}

/* No longer than HUFFMAN_BITS_MAX: what is deeper is cut to it, and leaves above are pushed down
 * until the code is complete again (Kraft's sum is 1). */
static void limit_depths(uint32_t depths[HUFFMAN_SYMBOLS]) {
    for (unsigned depth = HUFFMAN_BITS_MAX + 1; depth < HUFFMAN_SYMBOLS; depth++) {
        depths[HUFFMAN_BITS_MAX] += depths[depth];
        depths[depth] = 0;
    }
    uint32_t sum = 0;
    for (unsigned depth = 1; depth <= HUFFMAN_BITS_MAX; depth++) {
        sum += depths[depth] << (HUFFMAN_BITS_MAX - depth);
    }
    for (; sum > 1u << HUFFMAN_BITS_MAX; sum--) {
        unsigned depth = HUFFMAN_BITS_MAX - 1;
        while (depths[depth] == 0) {
            depth--;
        }
        depths[HUFFMAN_BITS_MAX]--;
        depths[depth]--;
        depths[depth + 1] += 2;
    }
    assert(sum == 1u << HUFFMAN_BITS_MAX);
}

/* Codes as RFC 8878 section 4.2.1.3 has them: from the longest on, rising, within a length in the
 * order of the symbols. */
static void assign_codes(struct huffman_code *code, const uint32_t depths[HUFFMAN_SYMBOLS]) {
    size_t rank = 0;
    uint32_t next = 0;
    code->longest = 0;
    memset(code->lengths, 0, sizeof code->lengths);
    for (unsigned length = HUFFMAN_BITS_MAX; length > 0; length--) {
        for (uint32_t i = 0; i < depths[length]; i++) {
            code->lengths[code->sorted[rank++]] = (uint8_t)length;
        }
        code->longest = depths[length] && code->longest == 0 ? length : code->longest;
        for (unsigned symbol = 0; symbol <= code->last; symbol++) {
            if (code->lengths[symbol] == length) {
                code->values[symbol] = (uint16_t)next++;
            }
        }
        next >>= 1;
    }
    assert(rank == code->kinds);
}

void huffman_code_build(struct huffman_code *code) {
    sort_symbols(code);
    if (code->kinds < 2) {
        return;
    }
    uint32_t depths[HUFFMAN_SYMBOLS];
    count_depths(code, depths);
    limit_depths(depths);
    assign_codes(code, depths);
}

/* Weights of all symbols but the last, whose weight follows from the others. */
size_t huffman_code_describe(const struct huffman_code *code,
                             uint8_t out[HUFFMAN_DESCRIPTION_BYTES]) {
    size_t bytes = 0;
    out[bytes++] = (uint8_t)(127 + code->last);
    for (unsigned symbol = 0; symbol < code->last; symbol += 2) {
        unsigned pair = 0;
        for (unsigned i = 0; i < 2; i++) {
            unsigned length = symbol + i < code->last ? code->lengths[symbol + i] : 0;
            pair = pair << 4 | (length ? code->longest + 1 - length : 0);
        }
        out[bytes++] = (uint8_t)pair;
    }
    return bytes;
}
