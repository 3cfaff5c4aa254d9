/*
 * Allocation through an injectable allocator, so that a host program can count and limit memory and
 * a test can fail the n-th allocation. A NULL allocator means libc's. Any thread, as far as the
 * allocator's own functions allow it.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

struct allocator {
    /* malloc's contract: aligned for any type, NULL when there is no memory. */
    void *(*allocate)(void *context, size_t bytes);
    void (*release)(void *context, void *memory);
    void *context;
};

/* Zeroed memory for `count` elements of `bytes` each, or NULL (also when the product overflows). */
void *memory_new(const struct allocator *allocator, size_t count, size_t bytes);

/* A larger copy of `memory` (of `old_bytes`), the growth zeroed; NULL leaves `memory` valid. */
void *memory_grow(const struct allocator *allocator, void *memory, size_t old_bytes,
                  size_t new_bytes);

/* memory may be NULL. */
void memory_free(const struct allocator *allocator, void *memory);

/* A copy of a NUL-terminated string, or NULL. */
char *memory_string(const struct allocator *allocator, const char *text);

#endif
