#include "transport/wan/repair_in.h"

#include "transport/wan/wan.h"

#include <assert.h>
#include <string.h>

enum satsync_status repair_in_init(struct repair_in *in, struct parity *parity,
                                   uint64_t memory_bytes, const struct allocator *allocator) {
    *in = (struct repair_in){.parity = parity, .finished = REPAIR_IN_NONE, .allocator = allocator};
    if (!parity) {
        return SATSYNC_OK;
    }
    /* The largest datagram is the peer's choice within the protocol's limit; the usual size is what
     * memory is cut for, and larger symbols are not kept. */
    struct pool_options options = {.block_bytes = WAN_DATAGRAM_BYTES_DEFAULT, .align = 64};
    options.blocks = (size_t)(memory_bytes / options.block_bytes);
    options.blocks = options.blocks > REPAIR_IN_SYMBOLS ? options.blocks : REPAIR_IN_SYMBOLS;
    in->blocks = memory_new(allocator, REPAIR_IN_BLOCKS, sizeof *in->blocks);
    if (!in->blocks) {
        return SATSYNC_NO_MEMORY;
    }
    return pool_init(&in->pool, &options, allocator);
}

void repair_in_fini(struct repair_in *in) {
    if (in->parity) {
        pool_fini(&in->pool);
    }
    memory_free(in->allocator, in->blocks);
}

static void forget(struct repair_in *in, size_t place) {
    uint16_t id = in->active[place];
    struct repair_in_block *block = &in->blocks[id];
    for (unsigned i = 0; i < REPAIR_IN_SYMBOLS; i++) {
        if (block->symbols[i]) {
            pool_give(&in->pool, block->symbols[i]);
        }
    }
    *block = (struct repair_in_block){0};
    in->active[place] = in->active[--in->active_count];
    if (place < in->active_count) {
        in->blocks[in->active[place]].active = (uint16_t)place;
    }
}

static uint8_t *take_symbol(struct repair_in *in, const struct repair_in_block *keep) {
    uint8_t *symbol = pool_take(&in->pool);
    while (!symbol && in->active_count > 1) {
        in->victim = (in->victim + 1) % in->active_count;
        if (&in->blocks[in->active[in->victim]] == keep) {
            continue;
        }
        forget(in, in->victim);
        symbol = pool_take(&in->pool);
    }
    return symbol;
}

static struct repair_in_block *find_or_begin(struct repair_in *in, const struct frame *frame,
                                             uint64_t number, uint64_t symbols) {
    uint16_t id = (uint16_t)((frame->message * 7 + number) % REPAIR_IN_BLOCKS);
    struct repair_in_block *block = &in->blocks[id];
    if (block->used && (block->message != frame->message || block->block != number)) {
        forget(in, block->active);
    }
    if (!block->used) {
        block->used = true;
        block->message = frame->message;
        block->block = number;
        block->total = frame->total;
        block->symbol_bytes = frame->symbol_bytes;
        block->data_count = repair_block_of(number, symbols).count;
        block->active = (uint16_t)in->active_count;
        in->active[in->active_count++] = id;
    }
    return block;
}

static bool recover(struct repair_in *in, struct repair_in_block *block,
                    struct repair_found *found) {
    uint8_t *symbols[REPAIR_IN_SYMBOLS];
    bool present[REPAIR_IN_SYMBOLS];
    unsigned missing = 0;
    unsigned total = block->data_count;
    for (unsigned i = 0; i < block->data_count; i++) {
        present[i] = block->symbols[i] != NULL;
        if (!present[i]) {
            assert(missing < REPAIR_SYMBOLS_MAX);
            block->symbols[i] = take_symbol(in, block);
            if (!block->symbols[i]) {
                return false;
            }
            found->places[missing] = (uint16_t)i;
            found->symbols[missing++] = block->symbols[i];
        }
        symbols[i] = block->symbols[i];
    }
    for (unsigned i = REPAIR_BLOCK_SYMBOLS; i < REPAIR_IN_SYMBOLS; i++) {
        present[total] = block->symbols[i] != NULL;
        symbols[total++] = block->symbols[i];
    }
    struct parity_shape shape = {block->data_count, REPAIR_SYMBOLS_MAX, block->symbol_bytes};
    found->count = missing;
    return in->parity->ops->recover(in->parity, &shape, symbols, present) == SATSYNC_OK;
}

static void describe(const struct repair_in_block *block, struct repair_found *found) {
    uint64_t stride = block->symbol_bytes;
    found->message = block->message;
    found->total = block->total;
    found->offset = block->block * REPAIR_BLOCK_SYMBOLS * stride;
    found->bytes = block->data_count * stride;
    if (found->bytes > block->total - found->offset) {
        found->bytes = block->total - found->offset;
    }
    found->symbol_bytes = block->symbol_bytes;
}

static void give_back_lent(struct repair_in *in) {
    if (in->finished != REPAIR_IN_NONE) {
        if (in->blocks[in->finished].used) {
            forget(in, in->blocks[in->finished].active);
        }
        in->finished = REPAIR_IN_NONE;
    }
}

static bool store(struct repair_in *in, struct repair_in_block *block, const struct frame *frame,
                  unsigned place) {
    if (block->symbols[place]) {
        return false;
    }
    uint8_t *symbol = take_symbol(in, block);
    if (!symbol) {
        return false;
    }
    memcpy(symbol, frame->payload, frame->bytes);
    memset(symbol + frame->bytes, 0, frame->symbol_bytes - frame->bytes);
    block->symbols[place] = symbol;
    return true;
}

bool repair_in_keep(struct repair_in *in, const struct frame *frame, struct repair_found *found) {
    if (!in->parity || frame->symbol_bytes > in->pool.block_bytes) {
        return false;
    }
    give_back_lent(in);
    uint64_t symbols = repair_symbols_of(frame->total, frame->symbol_bytes);
    uint64_t index = frame->kind == FRAME_REPAIR ? 0 : frame->offset / frame->symbol_bytes;
    uint64_t number = frame->kind == FRAME_REPAIR ? frame->offset : index / REPAIR_BLOCK_SYMBOLS;
    if (number >= (symbols + REPAIR_BLOCK_SYMBOLS - 1) / REPAIR_BLOCK_SYMBOLS ||
        (frame->kind == FRAME_REPAIR && frame->repair_index >= REPAIR_SYMBOLS_MAX)) {
        return false;
    }
    struct repair_in_block *block = find_or_begin(in, frame, number, symbols);
    if (block->total != frame->total || block->symbol_bytes != frame->symbol_bytes) {
        return false;
    }
    unsigned place = frame->kind == FRAME_REPAIR
                         ? REPAIR_BLOCK_SYMBOLS + (unsigned)frame->repair_index
                         : (unsigned)(index % REPAIR_BLOCK_SYMBOLS);
    if (!store(in, block, frame, place)) {
        return false;
    }
    block->have_data += frame->kind != FRAME_REPAIR;
    block->have_repair += frame->kind == FRAME_REPAIR;
    if (block->have_data == block->data_count) {
        forget(in, block->active);
        return false;
    }
    if (block->have_data + block->have_repair < block->data_count) {
        return false;
    }
    describe(block, found);
    bool done = recover(in, block, found);
    in->finished = (uint16_t)(block - in->blocks);
    return done;
}

void repair_in_drop(struct repair_in *in, uint64_t message) {
    for (size_t place = in->active_count; place > 0; place--) {
        uint16_t id = in->active[place - 1];
        if (in->blocks[id].message == message && id != in->finished) {
            forget(in, place - 1);
        }
    }
}
