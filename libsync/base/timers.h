/*
 * Deadlines in nanoseconds: a binary heap ordered by (deadline, insertion), so that equal deadlines
 * fire in the order they were set, on every platform. Owner thread.
 */
#ifndef BASE_TIMERS_H
#define BASE_TIMERS_H

#include "base/memory.h"

#include <satsync/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIME_NEVER UINT64_MAX

struct timer_entry {
    uint64_t at_ns;
    uint64_t sequence;
    uint64_t value; /* the caller's */
};

struct timers {
    struct timer_entry *heap;
    size_t count;
    size_t capacity;
    uint64_t sequence;
    const struct allocator *allocator;
};

void timers_init(struct timers *timers, const struct allocator *allocator);
void timers_fini(struct timers *timers);

enum satsync_status timers_add(struct timers *timers, uint64_t at_ns,
                               uint64_t value) SATSYNC_MUST_CHECK;

/* The earliest deadline, TIME_NEVER when there is none. */
uint64_t timers_next(const struct timers *timers);

/* Takes the earliest entry that is due at `now_ns`; false when none is. */
bool timers_pop(struct timers *timers, uint64_t now_ns, uint64_t *value);

#endif
