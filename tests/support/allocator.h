/*
 * An allocator that counts, and fails the n-th allocation: for loops that fail each in turn, and to
 * see that nothing is left behind.
 */
#ifndef SUPPORT_ALLOCATOR_H
#define SUPPORT_ALLOCATOR_H

#include "base/memory.h"

#include <stddef.h>

struct counting_allocator {
    struct allocator allocator; /* hand this one on; it points back here */
    size_t calls;               /* allocations asked for, the failed one included */
    size_t live;                /* allocated and not yet released */
    size_t bytes;               /* allocated in all */
    size_t fail_at;             /* which call fails, counted from 1; 0: none */
};

/* The struct must stay where it is while it is in use. */
void counting_allocator_init(struct counting_allocator *counting, size_t fail_at);

#endif
