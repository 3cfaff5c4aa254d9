/* The remembered path's decoder: whatever the bytes, it stays within them, and a path that it
 * believes encodes to the same bytes again. */
#include "engine/remembered.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct link_path path;
    remembered_decode(data, size, &path);
    if (path.rate_bps == 0) {
        return 0;
    }
    uint8_t again[REMEMBERED_BYTES];
    remembered_encode(&path, again);
    if (size != sizeof again || memcmp(again, data, size) != 0) {
        abort();
    }
    return 0;
}
