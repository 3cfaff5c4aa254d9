#include "base/timers.h"

void timers_init(struct timers *timers, const struct allocator *allocator) {
    *timers = (struct timers){.allocator = allocator};
}

void timers_fini(struct timers *timers) {
    memory_free(timers->allocator, timers->heap);
    timers_init(timers, timers->allocator);
}

static bool before(const struct timer_entry *a, const struct timer_entry *b) {
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->sequence < b->sequence;
}

enum satsync_status timers_add(struct timers *timers, uint64_t at_ns, uint64_t value) {
    if (timers->count == timers->capacity) {
        size_t capacity = timers->capacity ? timers->capacity * 2 : 16;
        struct timer_entry *larger =
            memory_grow(timers->allocator, timers->heap, timers->count * sizeof *larger,
                        capacity * sizeof *larger);
        if (!larger) {
            return SATSYNC_NO_MEMORY;
        }
        timers->heap = larger;
        timers->capacity = capacity;
    }
    struct timer_entry entry = {at_ns, timers->sequence++, value};
    size_t i = timers->count++;
    while (i > 0 && before(&entry, &timers->heap[(i - 1) / 2])) {
        timers->heap[i] = timers->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    timers->heap[i] = entry;
    return SATSYNC_OK;
}

uint64_t timers_next(const struct timers *timers) {
    return timers->count ? timers->heap[0].at_ns : TIME_NEVER;
}

bool timers_pop(struct timers *timers, uint64_t now_ns, uint64_t *value) {
    if (timers->count == 0 || timers->heap[0].at_ns > now_ns) {
        return false;
    }
    *value = timers->heap[0].value;
    struct timer_entry last = timers->heap[--timers->count];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= timers->count) {
            break;
        }
        if (child + 1 < timers->count && before(&timers->heap[child + 1], &timers->heap[child])) {
            child++;
        }
        if (!before(&timers->heap[child], &last)) {
            break;
        }
        timers->heap[i] = timers->heap[child];
        i = child;
    }
    if (timers->count > 0) {
        timers->heap[i] = last;
    }
    return true;
}
