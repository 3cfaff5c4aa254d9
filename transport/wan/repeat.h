/*
 * Lost symbols on their way to be sent again, by class, oldest first. A symbol that repair may
 * bring back waits until its block's repair symbols must have arrived. Owner thread.
 */
#ifndef TRANSPORT_WAN_REPEAT_H
#define TRANSPORT_WAN_REPEAT_H

#include "base/memory.h"
#include "base/ring.h"
#include "port/link.h"

#include <satsync/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct repeat_entry {
    uint64_t message;
    uint64_t symbol;
    uint64_t after; /* deferred until a packet of this number or later is acknowledged */
    uint32_t slot;
    uint32_t slice;
    uint8_t class;
    uint8_t copies; /* of TAIL entries: how many more to send */
};

struct repeat {
    struct ring lost[LINK_CLASSES];
    struct ring deferred;
    struct ring tail; /* symbols that were sent again: copied when there is nothing else to do */
};

/* Room for 2 * max_in_flight symbols a class, and for those that are deferred. */
enum satsync_status repeat_init(struct repeat *repeat, size_t max_in_flight,
                                const struct allocator *allocator) SATSYNC_MUST_CHECK;
void repeat_fini(struct repeat *repeat);

void repeat_lost(struct repeat *repeat, const struct repeat_entry *entry);

/* Keeps the entry back until `entry->after` is reached. */
void repeat_defer(struct repeat *repeat, const struct repeat_entry *entry);

/* Moves what waited long enough to the lost ones. */
void repeat_release(struct repeat *repeat, uint64_t largest_acked);

/* Takes the oldest lost symbol of a class. */
bool repeat_pop(struct repeat *repeat, enum link_class class, struct repeat_entry *entry);

/* What was sent again could be lost again, and nothing later would show it in time: remember it
 * for a copy in idle time. Forgets the oldest when there are too many. */
void repeat_remember(struct repeat *repeat, const struct repeat_entry *entry);
bool repeat_pop_tail(struct repeat *repeat, struct repeat_entry *entry);

#endif
