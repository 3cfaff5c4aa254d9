/* An agreed state as any peer may send it: what is accepted is written again with the same bytes.
 */
#include "group/state_letter.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct rounds_blob read[STATE_LETTER_BLOBS];
    (void)state_letter_is_request(data, size);
    if (state_letter_read(data, size, read) != SATSYNC_OK) {
        return 0;
    }
    const struct rounds_blob blobs[ROUNDS_BLOBS] = {
        read[0], read[1], read[2], {.name = "rounds.error", .data = "", .bytes = 0}};
    assert(state_letter_bytes(blobs) == size);
    uint8_t *again = malloc(size);
    assert(again);
    state_letter_write(blobs, again, size);
    assert(memcmp(again, data, size) == 0);
    free(again);
    return 0;
}
