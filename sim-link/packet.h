/*
 * Packets on their way through an emulated link, and the store they come from.
 *
 * A packet is copied in once and then handed from stage to stage by pointer; whoever holds the
 * pointer owns it. Owner thread.
 */
#ifndef SIM_LINK_PACKET_H
#define SIM_LINK_PACKET_H

#include "base/memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct packet {
    struct packet *next; /* of the list that holds it */
    uint64_t due_ns;     /* when the stage that holds it lets it go */
    uint64_t number;     /* in order of entry into its lane, from 0 */
    uint64_t content;    /* hash of the payload as it entered */
    uint64_t entered_ns;
    uint32_t bytes;      /* payload */
    uint32_t wire_bytes; /* with IP and UDP headers: what rate and queue count */
    uint32_t flow;       /* the user's */
    uint8_t ecn;
    uint8_t data[];
};

struct packets {
    size_t data_bytes;    /* the largest payload, and room for it in each */
    bool without_content; /* packets have a size but no room; set before the first is taken */
    struct packet *free;
    void *slabs; /* list of allocations */
    uint64_t taken;
    const struct allocator *allocator;
};

void packets_init(struct packets *packets, size_t data_bytes, const struct allocator *allocator);

/* Frees all, also those that are out. */
void packets_fini(struct packets *packets);

/* With everything but data 0; NULL when memory ran out. */
struct packet *packets_take(struct packets *packets);
void packets_give(struct packets *packets, struct packet *packet);

struct packet_list {
    struct packet *first;
    struct packet *last;
    uint64_t count;
    uint64_t wire_bytes;
};

void packet_list_push(struct packet_list *list, struct packet *packet);

/* NULL when empty. */
struct packet *packet_list_pop(struct packet_list *list);

#endif
