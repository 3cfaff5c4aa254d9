#include "transport/wan/packet.h"

#include "base/bytes.h"
#include "transport/wan/handshake.h"
#include "transport/wan/keys.h"

#include <assert.h>

enum { PATH_SHIFT = 3, PATH_MASK = 0x38, EARLY = 0x04, GENERATION_MASK = 0x03, NOT_DATA = 0x80 };

void packet_encode(const struct packet_header *header, uint8_t out[PACKET_HEADER_BYTES]) {
    assert(header->path < 8 && header->generation < WAN_GENERATIONS);
    struct bytes_writer writer = bytes_writer_over(out, PACKET_HEADER_BYTES);
    bytes_put_u8(&writer, (uint8_t)((header->by_responder ? DATAGRAM_RESPONDER : 0) |
                                    header->path << PATH_SHIFT | (header->early ? EARLY : 0) |
                                    header->generation));
    bytes_put_u64(&writer, header->session);
    bytes_put_u32(&writer, (uint32_t)header->number);
    assert(!writer.failed);
}

static uint64_t nearest_number(uint32_t low, uint64_t expected) {
    const uint64_t span = UINT64_C(1) << 32;
    uint64_t candidate = (expected & ~(span - 1)) | low;
    if (candidate + span / 2 <= expected) {
        return candidate + span;
    }
    if (candidate > expected + span / 2 && candidate >= span) {
        return candidate - span;
    }
    return candidate;
}

bool packet_decode(const uint8_t *datagram, size_t bytes, uint64_t expected,
                   struct packet_header *header) {
    if (bytes < PACKET_HEADER_BYTES + WAN_TAG_BYTES || (datagram[0] & NOT_DATA)) {
        return false;
    }
    struct bytes_reader reader = bytes_reader_over(datagram, PACKET_HEADER_BYTES);
    uint8_t first = bytes_get_u8(&reader);
    header->by_responder = (first & DATAGRAM_RESPONDER) != 0;
    header->path = (uint8_t)((first & PATH_MASK) >> PATH_SHIFT);
    header->early = (first & EARLY) != 0;
    header->generation = first & GENERATION_MASK;
    header->session = bytes_get_u64(&reader);
    header->number = nearest_number(bytes_get_u32(&reader), expected);
    return bytes_all_read(&reader);
}
