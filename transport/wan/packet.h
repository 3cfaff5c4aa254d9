/*
 * The header of a data packet, in the clear and authenticated:
 *
 *     byte 0    0 R PPP E GG   R: sent by the responder, PPP: path, E: early key, GG: generation
 *     1 to 8    session
 *     9 to 12   the low 32 bits of the packet's number
 *
 * What follows is the sealed payload, frames, and the tag. Pure.
 */
#ifndef TRANSPORT_WAN_PACKET_H
#define TRANSPORT_WAN_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PACKET_HEADER_BYTES = 13 };

struct packet_header {
    bool by_responder;
    bool early;
    uint8_t path;       /* 0 to 7 */
    uint8_t generation; /* 0 to 3 */
    uint64_t session;
    uint64_t number;
};

void packet_encode(const struct packet_header *header, uint8_t out[PACKET_HEADER_BYTES]);

/* `expected` is one above the highest number received so far: the number with the given low bits
 * that is nearest to it is taken (RFC 9000 appendix A.3). False when it is no data packet or too
 * short for a header and a tag. */
bool packet_decode(const uint8_t *datagram, size_t bytes, uint64_t expected,
                   struct packet_header *header);

#endif
