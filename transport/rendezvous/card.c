#include "transport/rendezvous/card.h"

#include "base/bytes.h"
#include "base/check.h"

#include <string.h>

#define MAGIC UINT32_C(0x56524353) /* "SCRV" */

void card_write(const struct card *card, uint8_t out[CARD_BYTES]) {
    struct bytes_writer writer = bytes_writer_over(out, CARD_BYTES);
    bytes_put_u32(&writer, MAGIC);
    bytes_put_u32(&writer, card->rank);
    bytes_put_u32(&writer, card->ranks);
    bytes_put_u64(&writer, card->job);
    size_t length = strnlen(card->address, RENDEZVOUS_TEXT_BYTES - 1);
    bytes_put(&writer, card->address, length);
    assert(!writer.failed);
    memset(writer.at, 0, bytes_room(&writer));
}

bool card_read(struct card *card, const uint8_t bytes[CARD_BYTES]) {
    struct bytes_reader reader = bytes_reader_over(bytes, CARD_BYTES);
    uint32_t magic = bytes_get_u32(&reader);
    *card = (struct card){.rank = bytes_get_u32(&reader)};
    card->ranks = bytes_get_u32(&reader);
    card->job = bytes_get_u64(&reader);
    bytes_get_copy(&reader, card->address, sizeof card->address);
    return bytes_all_read(&reader) && magic == MAGIC && card->ranks >= 2 &&
           card->ranks <= RENDEZVOUS_RANKS && card->rank < card->ranks && card->address[0] &&
           card->address[RENDEZVOUS_TEXT_BYTES - 1] == '\0';
}
