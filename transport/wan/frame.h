/*
 * Frames: what a sealed payload is made of. Each begins with its kind in one byte; integers are
 * varints unless said otherwise. DATA and REPAIR reach to the end of the datagram, so they are
 * its last frame and there is at most one. docs/protocol.md has the table. Pure.
 */
#ifndef TRANSPORT_WAN_FRAME_H
#define TRANSPORT_WAN_FRAME_H

#include "base/bytes.h"
#include "base/ranges.h"
#include "port/link.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum frame_kind {
    FRAME_PADDING = 0x00, /* one byte; decoders skip it */
    FRAME_PING = 0x01,    /* asks for an acknowledgement */
    FRAME_ACK = 0x02,
    FRAME_WINDOW = 0x03, /* limit of all message bytes that the peer may send */
    FRAME_HAVE = 0x04,   /* bytes of a message are here though their packets are not */
    FRAME_CLOSE = 0x05,
    FRAME_RTT = 0x06,     /* the sender's smoothed round trip, to set the pace of acks by */
    FRAME_DATA = 0x10,    /* + class */
    FRAME_COVERED = 0x14, /* + class: data that repair symbols will cover */
    FRAME_REPAIR = 0x18   /* + class */
};

enum {
    FRAME_ACK_RANGES_MAX = 64,
    /* Of DATA, COVERED, REPAIR before their payload, when all their varints are longest. */
    FRAME_DATA_OVERHEAD_MAX = 1 + 8 + 8 + 8 + 4,
    FRAME_MESSAGE_BITS = 62
};

struct frame_ack {
    uint64_t largest;
    uint64_t delay_us;    /* between its arrival and this frame's departure */
    uint64_t received_us; /* when it arrived on the receiver's clock, modulo ARRIVAL_STAMPS */
    size_t range_count;
    struct range ranges[FRAME_ACK_RANGES_MAX]; /* [from, to), highest first */
};

struct frame {
    enum frame_kind kind; /* with the class taken off */
    enum link_class class;
    uint64_t message;
    uint64_t total;        /* bytes of the message */
    uint64_t offset;       /* DATA, COVERED, HAVE; REPAIR: number of its block */
    uint64_t bytes;        /* HAVE; else `payload`'s length */
    uint64_t value;        /* WINDOW limit, CLOSE status, RTT in microseconds */
    uint32_t symbol_bytes; /* COVERED, REPAIR */
    uint8_t repair_index;  /* REPAIR */
    const uint8_t *payload;
    struct frame_ack ack;
};

/* Encoders write nothing of use when writer->failed afterwards. */
void frame_put_ack(struct bytes_writer *writer, const struct frame_ack *ack);
void frame_put_value(struct bytes_writer *writer, enum frame_kind kind, uint64_t value);
void frame_put_have(struct bytes_writer *writer, uint64_t message, const struct range *range);

/* Writes what stands before the payload of DATA, COVERED or REPAIR. */
void frame_put_data_header(struct bytes_writer *writer, const struct frame *frame);

/* Bytes that frame_put_data_header takes. */
size_t frame_data_header_bytes(const struct frame *frame);

/* Most bytes that it takes for any offset of a message of `total` bytes. */
size_t frame_data_header_most(uint64_t message, uint64_t total);

enum frame_result { FRAME_OK, FRAME_END, FRAME_MALFORMED };

/* Takes the next frame off `reader`; `frame` is only valid on FRAME_OK, and its payload is a view.
 * All that a frame claims by itself is checked: ranges in order and disjoint, no offset past the
 * total, no symbol larger than a datagram. */
enum frame_result frame_next(struct bytes_reader *reader, struct frame *frame);

#endif
