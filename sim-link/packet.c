#include "sim-link/packet.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

enum { SLAB_PACKETS = 32 };

/* The head of each slab; packets follow at the alignment of the widest type. */
struct slab {
    _Alignas(16) struct slab *next;
};

void packets_init(struct packets *packets, size_t data_bytes, const struct allocator *allocator) {
    *packets = (struct packets){.data_bytes = data_bytes, .allocator = allocator};
}

void packets_fini(struct packets *packets) {
    struct slab *slab = packets->slabs;
    while (slab != NULL) {
        struct slab *next = slab->next;
        memory_free(packets->allocator, slab);
        slab = next;
    }
    packets->slabs = NULL;
    packets->free = NULL;
}

static void add_slab(struct packets *packets) {
    size_t room = packets->without_content ? 0 : packets->data_bytes;
    size_t each = (sizeof(struct packet) + room + 15) / 16 * 16;
    struct slab *slab = memory_new(packets->allocator, 1, sizeof *slab + each * SLAB_PACKETS);
    if (slab == NULL) {
        return;
    }
    slab->next = packets->slabs;
    packets->slabs = slab;
    uint8_t *at = (uint8_t *)(slab + 1);
    for (int i = 0; i < SLAB_PACKETS; i++, at += each) {
        struct packet *packet = (struct packet *)(void *)at;
        packet->next = packets->free;
        packets->free = packet;
    }
}

struct packet *packets_take(struct packets *packets) {
    if (packets->free == NULL) {
        add_slab(packets);
    }
    struct packet *packet = packets->free;
    if (packet != NULL) {
        packets->free = packet->next;
        packets->taken++;
        memset(packet, 0, offsetof(struct packet, data));
    }
    return packet;
}

void packets_give(struct packets *packets, struct packet *packet) {
    assert(packets->taken > 0);
    packets->taken--;
    packet->next = packets->free;
    packets->free = packet;
}

void packet_list_push(struct packet_list *list, struct packet *packet) {
    packet->next = NULL;
    if (list->last == NULL) {
        list->first = packet;
    } else {
        list->last->next = packet;
    }
    list->last = packet;
    list->count++;
    list->wire_bytes += packet->wire_bytes;
}

struct packet *packet_list_pop(struct packet_list *list) {
    struct packet *packet = list->first;
    if (packet != NULL) {
        list->first = packet->next;
        list->last = list->first == NULL ? NULL : list->last;
        list->count--;
        list->wire_bytes -= packet->wire_bytes;
        packet->next = NULL;
    }
    return packet;
}
