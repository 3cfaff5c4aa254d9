#include "base/ring.h"

#include <assert.h>
#include <string.h>

enum satsync_status ring_init(struct ring *ring, size_t capacity, size_t element_bytes,
                              const struct allocator *allocator) {
    assert(capacity > 0 && element_bytes > 0);
    *ring =
        (struct ring){.element_bytes = element_bytes, .capacity = capacity, .allocator = allocator};
    ring->at = memory_new(allocator, capacity, element_bytes);
    return ring->at ? SATSYNC_OK : SATSYNC_NO_MEMORY;
}

void ring_fini(struct ring *ring) {
    memory_free(ring->allocator, ring->at);
    *ring = (struct ring){0};
}

void *ring_at(const struct ring *ring, size_t n) {
    assert(n < ring->count);
    return ring->at + (ring->head + n) % ring->capacity * ring->element_bytes;
}

bool ring_push(struct ring *ring, const void *element) {
    if (ring->count == ring->capacity) {
        return false;
    }
    ring->count++;
    memcpy(ring_at(ring, ring->count - 1), element, ring->element_bytes);
    return true;
}

bool ring_pop(struct ring *ring, void *element) {
    if (ring->count == 0) {
        return false;
    }
    memcpy(element, ring_at(ring, 0), ring->element_bytes);
    ring->head = (ring->head + 1) % ring->capacity;
    ring->count--;
    return true;
}
