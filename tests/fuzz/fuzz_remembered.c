/* The remembered path's decoder: whatever the bytes, it stays within them, and a path that it
 * believes encodes to the same bytes again. */
#include "engine/remembered.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct remembered found;
    remembered_decode(data, size, &found);
    if (found.path.rate_bps == 0) {
        return 0;
    }
    uint8_t again[REMEMBERED_BYTES];
    remembered_encode(&found, again);
    if (size != sizeof again || memcmp(again, data, size) != 0) {
        abort();
    }
    return 0;
}
