#include "transport/wan/send.h"

#include "transport/wan/frame.h"
#include "transport/wan/keys.h"
#include "transport/wan/packet.h"
#include "transport/wan/repair.h"

#include <assert.h>
#include <string.h>

/* Written and not yet sent, per message: beyond the upper mark writes are refused, below the lower
 * one they are asked for again. */
static const uint64_t QUEUE_MOST_BYTES = 16 << 20;
static const uint64_t QUEUE_LOW_BYTES = 8 << 20;

static enum satsync_status allocate(struct send *send) {
    const struct send_options *options = &send->options;
    const struct allocator *allocator = options->allocator;
    send->messages = memory_new(allocator, options->max_messages, sizeof *send->messages);
    send->slices = memory_new(allocator, options->max_slices, sizeof *send->slices);
    send->bits = memory_new(allocator, options->max_messages, options->window / 8);
    if (!send->messages || !send->slices || !send->bits) {
        return SATSYNC_NO_MEMORY;
    }
    struct ring *rings[] = {&send->free_messages, &send->ready[0], &send->ready[1],
                            &send->ready[2],      &send->dirty,    &send->hungry};
    for (size_t i = 0; i < sizeof rings / sizeof rings[0]; i++) {
        enum satsync_status status =
            ring_init(rings[i], options->max_messages, sizeof(uint32_t), allocator);
        if (status != SATSYNC_OK) {
            return status;
        }
    }
    /* A map that once held as many keys as it ever will allocates no more. */
    for (uint64_t key = 0; key <= options->max_messages; key++) {
        enum satsync_status status = map_set(&send->slots, key, 0);
        if (status != SATSYNC_OK) {
            return status;
        }
    }
    for (uint64_t key = 0; key <= options->max_messages; key++) {
        map_remove(&send->slots, key);
    }
    return SATSYNC_OK;
}

enum satsync_status send_init(struct send *send, const struct send_options *options) {
    *send = (struct send){.options = *options};
    map_init(&send->slots, options->allocator);
    enum satsync_status status = allocate(send);
    if (status != SATSYNC_OK) {
        return status;
    }
    for (uint32_t slot = 0; slot < options->max_messages; slot++) {
        send->messages[slot].arrived = send->bits + slot * (options->window / 64);
        (void)ring_push(&send->free_messages, &slot);
    }
    for (uint32_t i = 0; i < options->max_slices; i++) {
        send->slices[i].next = i + 1 < options->max_slices ? i + 1 : SEND_NO_SLICE;
    }
    send->free_slices = options->max_slices;
    return SATSYNC_OK;
}

void send_fini(struct send *send) {
    const struct allocator *allocator = send->options.allocator;
    memory_free(allocator, send->messages);
    memory_free(allocator, send->slices);
    memory_free(allocator, send->bits);
    ring_fini(&send->free_messages);
    ring_fini(&send->dirty);
    ring_fini(&send->hungry);
    for (int class = 0; class < LINK_CLASSES; class ++) {
        ring_fini(&send->ready[class]);
    }
    map_fini(&send->slots);
}

static uint32_t symbol_bytes_for(const struct send *send, uint64_t number, uint64_t total) {
    size_t room = send->options.max_datagram_bytes - PACKET_HEADER_BYTES - WAN_TAG_BYTES -
                  frame_data_header_most(number, total);
    return (uint32_t)room;
}

enum satsync_status send_open(struct send *send, const struct link_message *message,
                              uint64_t *number) {
    if (message->bytes == 0 || message->bytes >> FRAME_MESSAGE_BITS ||
        (unsigned)message->class >= LINK_CLASSES) {
        return SATSYNC_INVALID;
    }
    uint32_t slot;
    if (!ring_pop(&send->free_messages, &slot)) {
        return SATSYNC_LIMIT;
    }
    struct send_message *m = &send->messages[slot];
    uint64_t *bits = m->arrived;
    bool listed = m->listed;
    *m = (struct send_message){.open = true,
                               .listed = listed,
                               .class = message->class,
                               .number = send->next_number++,
                               .total = message->bytes,
                               .more_follows =
                                   message->more_follows || message->class == LINK_CHECKPOINT,
                               .cover_from = UINT64_MAX,
                               .hold_from = UINT64_MAX,
                               .head = SEND_NO_SLICE,
                               .tail = SEND_NO_SLICE,
                               .cursor = SEND_NO_SLICE,
                               .arrived = bits};
    m->symbol_bytes = symbol_bytes_for(send, m->number, m->total);
    m->symbols = (m->total - 1) / m->symbol_bytes + 1;
    enum satsync_status status = map_set(&send->slots, m->number, slot);
    assert(status == SATSYNC_OK);
    (void)status;
    send->open++;
    send->unsent[m->class] += m->total;
    *number = m->number;
    return SATSYNC_OK;
}

static struct send_message *find(const struct send *send, uint64_t number) {
    uint64_t *slot = map_get(&send->slots, number);
    return slot ? &send->messages[*slot] : NULL;
}

static uint32_t slot_of(const struct send *send, const struct send_message *m) {
    return (uint32_t)(m - send->messages);
}

static uint64_t offset_of(const struct send_message *m, uint64_t index) {
    return index < m->symbols ? index * m->symbol_bytes : m->total;
}

static bool has_new(const struct send *send, const struct send_message *m) {
    return m->next < m->symbols && m->written >= offset_of(m, m->next + 1) &&
           m->next - m->base < send->options.window;
}

static void make_ready(struct send *send, struct send_message *m) {
    if (!m->ready && has_new(send, m)) {
        uint32_t slot = slot_of(send, m);
        m->ready = ring_push(&send->ready[m->class], &slot);
    }
}

static void make_dirty(struct send *send, struct send_message *m) {
    if (!m->dirty) {
        uint32_t slot = slot_of(send, m);
        m->dirty = ring_push(&send->dirty, &slot);
    }
}

/* When no slice is free, whose message it was says nothing of who needs the next free one. */
static void make_hungry(struct send *send, struct send_message *m) {
    if (send->free_slices == 0 && !m->listed) {
        uint32_t slot = slot_of(send, m);
        m->listed = ring_push(&send->hungry, &slot);
    }
}

static void feed_hungry(struct send *send) {
    uint32_t slot;
    while (ring_pop(&send->hungry, &slot)) {
        struct send_message *m = &send->messages[slot];
        m->listed = false;
        if (m->open && m->starving) {
            make_dirty(send, m);
            return;
        }
    }
}

static bool is_full(const struct send *send, const struct send_message *m) {
    return send->free_slices == 0 || m->written - offset_of(m, m->next) > QUEUE_MOST_BYTES;
}

enum satsync_status send_write(struct send *send, uint64_t message,
                               const struct link_slice *slice) {
    struct send_message *m = find(send, message);
    if (!m || slice->bytes == 0 || slice->bytes > m->total - m->written) {
        return SATSYNC_INVALID;
    }
    if (is_full(send, m)) {
        m->starving = true;
        make_hungry(send, m);
        return SATSYNC_AGAIN;
    }
    uint32_t id = send->free_slice;
    struct send_slice *added = &send->slices[id];
    send->free_slice = added->next;
    send->free_slices--;
    *added =
        (struct send_slice){slice->data, slice->bytes, slice->cookie, m->written, SEND_NO_SLICE};
    if (m->tail == SEND_NO_SLICE) {
        m->head = id;
    } else {
        send->slices[m->tail].next = id;
    }
    m->tail = id;
    if (m->cursor == SEND_NO_SLICE) {
        m->cursor = id;
    }
    m->written += slice->bytes;
    make_ready(send, m);
    return SATSYNC_OK;
}

/* The slice at or after `slice` that holds the byte at `offset`; the last one when none does. */
uint32_t send_slice_at(const struct send *send, uint32_t slice, uint64_t offset) {
    const struct send_slice *at = &send->slices[slice];
    while (offset >= at->offset + at->bytes && at->next != SEND_NO_SLICE) {
        slice = at->next;
        at = &send->slices[slice];
    }
    return slice;
}

static void describe(const struct send *send, const struct send_message *m, uint64_t index,
                     struct send_symbol *symbol) {
    uint64_t offset = offset_of(m, index);
    *symbol = (struct send_symbol){.slot = slot_of(send, m),
                                   .class = m->class,
                                   .message = m->number,
                                   .total = m->total,
                                   .index = index,
                                   .offset = offset,
                                   .bytes = (uint32_t)(offset_of(m, index + 1) - offset),
                                   .symbol_bytes = m->symbol_bytes,
                                   .covered = index >= m->cover_from};
}

/* What has more of its class behind it ends with the last of it. */
static uint64_t left_to_send(const struct send *send, const struct send_message *m) {
    return m->more_follows ? send->unsent[m->class] : m->total - offset_of(m, m->next);
}

static void decide_cover(struct send *send, struct send_message *m, uint64_t tail_bytes) {
    if (m->next % REPAIR_BLOCK_SYMBOLS != 0) {
        return;
    }
    if (m->cover_from == UINT64_MAX && left_to_send(send, m) <= tail_bytes) {
        m->cover_from = m->next;
    }
    if (m->next >= m->cover_from && m->hold_from == UINT64_MAX) {
        m->hold_from = offset_of(m, m->next);
        m->block_slice = m->cursor;
    }
}

bool send_peek(struct send *send, enum link_class class, uint64_t tail_bytes,
               struct send_symbol *symbol) {
    while (send->ready[class].count > 0) {
        uint32_t slot = *(uint32_t *)ring_at(&send->ready[class], 0);
        struct send_message *m = &send->messages[slot];
        if (m->open && has_new(send, m)) {
            m->cursor = send_slice_at(send, m->cursor, offset_of(m, m->next));
            decide_cover(send, m, tail_bytes);
            describe(send, m, m->next, symbol);
            symbol->slice = m->cursor;
            return true;
        }
        m->ready = false;
        (void)ring_pop(&send->ready[class], &slot);
    }
    return false;
}

void send_take(struct send *send, const struct send_symbol *symbol) {
    struct send_message *m = &send->messages[symbol->slot];
    assert(m->open && m->next == symbol->index);
    m->next++;
    send->unsent[m->class] -= symbol->bytes;
    if (!has_new(send, m)) {
        /* It was peeked, so it is the ring's oldest; a message all sent is in no such ring. */
        uint32_t slot;
        (void)ring_pop(&send->ready[m->class], &slot);
        assert(slot == symbol->slot);
        m->ready = false;
    }
    if (m->starving) {
        make_dirty(send, m);
    }
}

static bool bit(const struct send *send, const struct send_message *m, uint64_t index) {
    uint64_t place = index & (send->options.window - 1);
    return m->arrived[place / 64] >> (place % 64) & 1;
}

static bool is_missing(const struct send *send, const struct send_message *m, uint64_t index) {
    return index >= m->base && index < m->next && !bit(send, m, index);
}

bool send_again(const struct send *send, const struct send_symbol *key,
                struct send_symbol *symbol) {
    const struct send_message *m = &send->messages[key->slot];
    if (!m->open || m->number != key->message || !is_missing(send, m, key->index)) {
        return false;
    }
    describe(send, m, key->index, symbol);
    symbol->slice = key->slice;
    return true;
}

void send_copy(const struct send *send, const struct send_symbol *symbol, uint8_t *out) {
    uint64_t offset = symbol->offset;
    uint64_t end = offset + symbol->bytes;
    for (uint32_t slice = symbol->slice; offset < end;) {
        const struct send_slice *at = &send->slices[slice];
        assert(offset >= at->offset && offset < at->offset + at->bytes);
        uint64_t until = at->offset + at->bytes < end ? at->offset + at->bytes : end;
        memcpy(out, at->data + (offset - at->offset), until - offset);
        out += until - offset;
        offset = until;
        slice = at->next;
    }
}

const uint8_t *send_view(const struct send *send, const struct send_symbol *symbol) {
    const struct send_slice *at = &send->slices[symbol->slice];
    bool together =
        symbol->offset >= at->offset && symbol->offset + symbol->bytes <= at->offset + at->bytes;
    return together ? at->data + (symbol->offset - at->offset) : NULL;
}

void send_unhold(struct send *send, uint32_t slot) {
    struct send_message *m = &send->messages[slot];
    m->hold_from = UINT64_MAX;
    make_dirty(send, m);
}

static uint64_t mark(struct send *send, struct send_message *m, uint64_t index) {
    if (!is_missing(send, m, index)) {
        return 0;
    }
    uint64_t place = index & (send->options.window - 1);
    m->arrived[place / 64] |= UINT64_C(1) << (place % 64);
    uint64_t bytes = offset_of(m, index + 1) - offset_of(m, index);
    send->arrived_bytes += bytes;
    if (index != m->base) {
        return bytes;
    }
    while (m->base < m->next && bit(send, m, m->base)) {
        place = m->base & (send->options.window - 1);
        m->arrived[place / 64] &= ~(UINT64_C(1) << (place % 64));
        m->base++;
    }
    make_dirty(send, m);
    make_ready(send, m);
    return bytes;
}

uint64_t send_arrived(struct send *send, uint32_t slot, uint64_t message, uint64_t index) {
    struct send_message *m = &send->messages[slot];
    return m->open && m->number == message ? mark(send, m, index) : 0;
}

uint64_t send_arrived_bytes(struct send *send, uint64_t message, uint64_t offset, uint64_t bytes) {
    struct send_message *m = find(send, message);
    if (!m || offset >= m->total || bytes > m->total - offset) {
        return 0;
    }
    /* Only symbols that lie in it whole, and not more of them than can be open. */
    uint64_t from = (offset + m->symbol_bytes - 1) / m->symbol_bytes;
    uint64_t to = offset + bytes == m->total ? m->symbols : (offset + bytes) / m->symbol_bytes;
    from = from > m->base ? from : m->base;
    to = to < m->next ? to : m->next;
    uint64_t known = 0;
    for (uint64_t index = from; index < to; index++) {
        known += mark(send, m, index);
    }
    return known;
}

static bool return_slice(struct send *send, struct send_message *m, uint64_t safe,
                         struct link_event *event) {
    uint32_t id = m->head;
    struct send_slice *slice = id == SEND_NO_SLICE ? NULL : &send->slices[id];
    if (!slice || slice->offset + slice->bytes > safe) {
        return false;
    }
    *event = (struct link_event){.kind = LINK_EVENT_RETURNED,
                                 .class = m->class,
                                 .message = m->number,
                                 .offset = slice->offset,
                                 .bytes = slice->bytes,
                                 .cookie = slice->cookie};
    m->head = slice->next;
    if (m->head == SEND_NO_SLICE) {
        m->tail = SEND_NO_SLICE;
    }
    if (m->cursor == id) {
        m->cursor = m->head;
    }
    slice->next = send->free_slices > 0 ? send->free_slice : SEND_NO_SLICE;
    send->free_slice = id;
    send->free_slices++;
    feed_hungry(send);
    return true;
}

static bool close_message(struct send *send, struct send_message *m, struct link_event *event) {
    if (send->abandoned || m->base < m->symbols || m->head != SEND_NO_SLICE) {
        return false;
    }
    uint32_t slot = slot_of(send, m);
    *event = (struct link_event){.kind = LINK_EVENT_DELIVERED,
                                 .class = m->class,
                                 .message = m->number,
                                 .message_bytes = m->total};
    m->open = false;
    map_remove(&send->slots, m->number);
    send->open--;
    (void)ring_push(&send->free_messages, &slot);
    return true;
}

static bool wake_writer(struct send *send, struct send_message *m, struct link_event *event) {
    if (m->starving) {
        make_hungry(send, m);
    }
    if (!m->starving || send->free_slices == 0 || m->written == m->total ||
        m->written - offset_of(m, m->next) > QUEUE_LOW_BYTES) {
        return false;
    }
    m->starving = false;
    *event =
        (struct link_event){.kind = LINK_EVENT_WRITABLE, .class = m->class, .message = m->number};
    return true;
}

bool send_event(struct send *send, struct link_event *event) {
    while (send->dirty.count > 0) {
        uint32_t slot = *(uint32_t *)ring_at(&send->dirty, 0);
        struct send_message *m = &send->messages[slot];
        uint64_t safe = offset_of(m, m->base);
        safe = safe < m->hold_from ? safe : m->hold_from;
        if (return_slice(send, m, safe, event) || wake_writer(send, m, event)) {
            return true;
        }
        (void)ring_pop(&send->dirty, &slot);
        m->dirty = false;
        if (m->open && close_message(send, m, event)) {
            return true;
        }
    }
    return false;
}

void send_abandon(struct send *send) {
    send->abandoned = true;
    for (uint32_t slot = 0; slot < send->options.max_messages; slot++) {
        struct send_message *m = &send->messages[slot];
        if (m->open) {
            m->total = m->written;
            m->base = m->next = m->symbols + 1;
            m->hold_from = UINT64_MAX;
            m->starving = false;
            make_dirty(send, m);
        }
    }
}
