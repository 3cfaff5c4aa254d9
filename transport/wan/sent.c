#include "transport/wan/sent.h"

#include <assert.h>

enum satsync_status sent_init(struct sent *sent, size_t capacity,
                              const struct allocator *allocator) {
    assert(capacity > 0 && (capacity & (capacity - 1)) == 0);
    *sent = (struct sent){.mask = capacity - 1, .allocator = allocator};
    sent->at = memory_new(allocator, capacity, sizeof *sent->at);
    return sent->at ? SATSYNC_OK : SATSYNC_NO_MEMORY;
}

void sent_fini(struct sent *sent) {
    memory_free(sent->allocator, sent->at);
    *sent = (struct sent){0};
}

bool sent_has_room(const struct sent *sent) {
    return sent->next - sent->low <= sent->mask;
}

struct sent_packet *sent_begin(struct sent *sent) {
    assert(sent_has_room(sent));
    struct sent_packet *packet = &sent->at[sent->next & sent->mask];
    *packet = (struct sent_packet){.number = sent->next};
    return packet;
}

void sent_commit(struct sent *sent) {
    struct sent_packet *packet = &sent->at[sent->next & sent->mask];
    assert(packet->number == sent->next);
    packet->state = SENT_OPEN;
    sent->next++;
    sent->open_count++;
    sent->open_bytes += packet->ip_bytes;
}

struct sent_packet *sent_find(const struct sent *sent, uint64_t number) {
    struct sent_packet *packet = &sent->at[number & sent->mask];
    bool known = number < sent->next && packet->number == number && packet->state != SENT_NEVER;
    return known ? packet : NULL;
}

void sent_settle(struct sent *sent, struct sent_packet *packet, enum sent_state state) {
    assert(packet->state == SENT_OPEN && state != SENT_OPEN && sent->open_count > 0);
    packet->state = (uint8_t)state;
    sent->open_count--;
    sent->open_bytes -= packet->ip_bytes;
    while (sent->low < sent->next && sent->at[sent->low & sent->mask].state != SENT_OPEN) {
        sent->low++;
    }
}
