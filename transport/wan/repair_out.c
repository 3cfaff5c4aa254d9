#include "transport/wan/repair_out.h"

#include <string.h>

enum satsync_status repair_out_init(struct repair_out *out, struct parity *parity,
                                    size_t max_datagram_bytes, const struct allocator *allocator) {
    *out =
        (struct repair_out){.parity = parity, .stride = max_datagram_bytes, .allocator = allocator};
    if (!parity) {
        return SATSYNC_OK;
    }
    size_t symbols = REPAIR_BLOCK_SYMBOLS + LINK_CLASSES * REPAIR_SYMBOLS_MAX;
    out->memory = memory_new(allocator, symbols, out->stride);
    if (!out->memory) {
        return SATSYNC_NO_MEMORY;
    }
    for (size_t class = 0; class < LINK_CLASSES; class ++) {
        out->queues[class].symbols = out->memory + class * REPAIR_SYMBOLS_MAX * out->stride;
    }
    out->scratch = out->memory + LINK_CLASSES * REPAIR_SYMBOLS_MAX * out->stride;
    return SATSYNC_OK;
}

void repair_out_fini(struct repair_out *out) {
    memory_free(out->allocator, out->memory);
    *out = (struct repair_out){0};
}

/* Points at the symbol's bytes, or at a copy where they do not lie together or are too few. */
static const uint8_t *whole_symbol(struct repair_out *out, const struct send *send,
                                   const struct send_symbol *symbol, unsigned place) {
    const uint8_t *view = send_view(send, symbol);
    if (view && symbol->bytes == symbol->symbol_bytes) {
        return view;
    }
    uint8_t *copy = out->scratch + place * out->stride;
    memset(copy, 0, symbol->symbol_bytes);
    send_copy(send, symbol, copy);
    return copy;
}

void repair_out_make(struct repair_out *out, const struct send *send,
                     const struct send_symbol *last, unsigned count) {
    uint64_t block = last->index / REPAIR_BLOCK_SYMBOLS;
    uint64_t first = block * REPAIR_BLOCK_SYMBOLS;
    unsigned data_count = (unsigned)(last->index - first + 1);
    const uint8_t *data[REPAIR_BLOCK_SYMBOLS];
    uint32_t slice = send->messages[last->slot].block_slice;
    for (unsigned i = 0; i < data_count; i++) {
        struct send_symbol symbol = *last;
        symbol.index = first + i;
        symbol.offset = symbol.index * last->symbol_bytes;
        symbol.bytes = symbol.index == last->index ? last->bytes : last->symbol_bytes;
        symbol.slice = slice = send_slice_at(send, slice, symbol.offset);
        data[i] = whole_symbol(out, send, &symbol, i);
    }
    struct repair_queue *queue = &out->queues[last->class];
    *queue = (struct repair_queue){.message = last->message,
                                   .total = last->total,
                                   .block = block,
                                   .symbol_bytes = last->symbol_bytes,
                                   .count = count,
                                   .symbols = queue->symbols};
    uint8_t *repair[REPAIR_SYMBOLS_MAX];
    for (unsigned i = 0; i < count; i++) {
        repair[i] = queue->symbols + i * out->stride;
    }
    struct parity_shape shape = {(uint16_t)data_count, (uint16_t)count, last->symbol_bytes};
    out->parity->ops->encode(out->parity, &shape, data, repair);
}

const uint8_t *repair_out_peek(const struct repair_out *out, enum link_class class,
                               unsigned *index) {
    const struct repair_queue *queue = &out->queues[class];
    *index = queue->next;
    return queue->next < queue->count ? queue->symbols + queue->next * out->stride : NULL;
}

void repair_out_take(struct repair_out *out, enum link_class class) {
    out->queues[class].next++;
}
