/* Cards at the rendezvous: what is accepted keeps its promises. */
#include "transport/rendezvous/card.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t bytes[CARD_BYTES] = {0};
    struct card card;
    memcpy(bytes, data, size < CARD_BYTES ? size : CARD_BYTES);
    if (card_read(&card, bytes) &&
        (card.rank >= card.ranks || card.ranks > RENDEZVOUS_RANKS ||
         strnlen(card.address, sizeof card.address) == sizeof card.address)) {
        abort();
    }
    return 0;
}
