/* Letters between the ranks of a group: whatever the bytes, reading stays within them, and what is
 * accepted is what would be written. */
#include "collective/letter.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct letter letter;
    uint8_t again[LETTER_BYTES];
    if (letter_read(&letter, data, size) &&
        (letter_write(&letter, again) != size || memcmp(again, data, size) != 0)) {
        abort();
    }
    return 0;
}
