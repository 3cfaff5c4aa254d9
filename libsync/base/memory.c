#include "base/memory.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *memory_new(const struct allocator *allocator, size_t count, size_t bytes) {
    size_t total;
    if (__builtin_mul_overflow(count, bytes, &total)) {
        return NULL;
    }
    if (total == 0) {
        total = 1;
    }
    if (!allocator) {
        return calloc(1, total);
    }
    void *memory = allocator->allocate(allocator->context, total);
    if (memory) {
        memset(memory, 0, total);
    }
    return memory;
}

void *memory_grow(const struct allocator *allocator, void *memory, size_t old_bytes,
                  size_t new_bytes) {
    assert(new_bytes >= old_bytes);
    void *larger = memory_new(allocator, 1, new_bytes);
    if (!larger) {
        return NULL;
    }
    if (memory) {
        memcpy(larger, memory, old_bytes);
        memory_free(allocator, memory);
    }
    return larger;
}

void memory_free(const struct allocator *allocator, void *memory) {
    if (!memory) {
        return;
    }
    if (!allocator) {
        free(memory);
    } else {
        allocator->release(allocator->context, memory);
    }
}

char *memory_string(const struct allocator *allocator, const char *text) {
    size_t bytes = strlen(text) + 1;
    char *copy = memory_new(allocator, 1, bytes);
    if (copy) {
        memcpy(copy, text, bytes);
    }
    return copy;
}
