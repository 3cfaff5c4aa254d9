#include "transport/wan/repeat.h"

#include <assert.h>

/* A symbol is deferred over fewer packets than a block and its repair symbols are, 254. */
enum { TAIL_ENTRIES = 2048, DEFERRED_ENTRIES = 1024 };

enum satsync_status repeat_init(struct repeat *repeat, size_t max_in_flight,
                                const struct allocator *allocator) {
    *repeat = (struct repeat){0};
    enum satsync_status status =
        ring_init(&repeat->deferred, DEFERRED_ENTRIES, sizeof(struct repeat_entry), allocator);
    if (status == SATSYNC_OK) {
        status = ring_init(&repeat->tail, TAIL_ENTRIES, sizeof(struct repeat_entry), allocator);
    }
    for (int class = 0; status == SATSYNC_OK && class < LINK_CLASSES; class ++) {
        status = ring_init(&repeat->lost[class], 2 * max_in_flight + DEFERRED_ENTRIES,
                           sizeof(struct repeat_entry), allocator);
    }
    return status;
}

void repeat_fini(struct repeat *repeat) {
    ring_fini(&repeat->deferred);
    ring_fini(&repeat->tail);
    for (int class = 0; class < LINK_CLASSES; class ++) {
        ring_fini(&repeat->lost[class]);
    }
}

void repeat_lost(struct repeat *repeat, const struct repeat_entry *entry) {
    /* New symbols of a class leave only while it has no lost ones, so that there can be no more
     * lost symbols than were in flight, and those that were deferred meanwhile. */
    bool pushed = ring_push(&repeat->lost[entry->class], entry);
    assert(pushed);
    (void)pushed;
}

void repeat_defer(struct repeat *repeat, const struct repeat_entry *entry) {
    if (!ring_push(&repeat->deferred, entry)) {
        repeat_lost(repeat, entry);
    }
}

void repeat_release(struct repeat *repeat, uint64_t largest_acked) {
    struct repeat_entry entry;
    while (repeat->deferred.count > 0) {
        const struct repeat_entry *oldest = ring_at(&repeat->deferred, 0);
        if (oldest->after > largest_acked || !ring_pop(&repeat->deferred, &entry)) {
            return;
        }
        repeat_lost(repeat, &entry);
    }
}

bool repeat_pop(struct repeat *repeat, enum link_class class, struct repeat_entry *entry) {
    return ring_pop(&repeat->lost[class], entry);
}

void repeat_remember(struct repeat *repeat, const struct repeat_entry *entry) {
    struct repeat_entry oldest;
    if (repeat->tail.count == repeat->tail.capacity) {
        (void)ring_pop(&repeat->tail, &oldest);
    }
    (void)ring_push(&repeat->tail, entry);
}

bool repeat_pop_tail(struct repeat *repeat, struct repeat_entry *entry) {
    return ring_pop(&repeat->tail, entry);
}
