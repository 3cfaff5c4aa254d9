/*
 * Bounded first-in-first-out queue of fixed-size elements in one allocation. Owner thread.
 */
#ifndef BASE_RING_H
#define BASE_RING_H

#include "base/memory.h"

#include <satsync/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring {
    uint8_t *at;
    size_t element_bytes;
    size_t capacity;
    size_t head; /* index of the oldest */
    size_t count;
    const struct allocator *allocator;
};

enum satsync_status ring_init(struct ring *ring, size_t capacity, size_t element_bytes,
                              const struct allocator *allocator) SATSYNC_MUST_CHECK;
void ring_fini(struct ring *ring);

/* Copies an element in at the tail; false when full. */
bool ring_push(struct ring *ring, const void *element);

/* Copies the oldest element out and removes it; false when empty. */
bool ring_pop(struct ring *ring, void *element);

/* The n-th oldest element, n < count; valid until the next push or pop. */
void *ring_at(const struct ring *ring, size_t n);

#endif
