#include "support/allocator.h"

#include <stdlib.h>
#include <string.h>

static void *allocate(void *context, size_t bytes) {
    struct counting_allocator *counting = context;
    if (++counting->calls == counting->fail_at) {
        return NULL;
    }
    void *memory = malloc(bytes);
    if (memory) {
        /* malloc's contract leaves the content open: show who relies on zeros. */
        memset(memory, 0xa5, bytes);
        counting->live++;
        counting->bytes += bytes;
    }
    return memory;
}

static void release(void *context, void *memory) {
    struct counting_allocator *counting = context;
    counting->live--;
    free(memory);
}

void counting_allocator_init(struct counting_allocator *counting, size_t fail_at) {
    *counting =
        (struct counting_allocator){.allocator = {allocate, release, counting}, .fail_at = fail_at};
}
