#include "transport/wan/frame.h"

#include "transport/wan/arrival.h"
#include "transport/wan/wan.h"

#include <assert.h>

enum { CLASS_MASK = 0x03, REPAIR_INDEX_MAX = 254 };

void frame_put_ack(struct bytes_writer *writer, const struct frame_ack *ack) {
    assert(ack->range_count > 0 && ack->range_count <= FRAME_ACK_RANGES_MAX);
    bytes_put_u8(writer, FRAME_ACK);
    bytes_put_varint(writer, ack->largest);
    bytes_put_varint(writer, ack->delay_us);
    bytes_put_varint(writer, ack->received_us);
    bytes_put_varint(writer, ack->range_count);
    for (size_t i = 0; i < ack->range_count; i++) {
        /* A gap of 0 would make one range of two, so both are written less one. */
        if (i > 0) {
            bytes_put_varint(writer, ack->ranges[i - 1].from - ack->ranges[i].to - 1);
        }
        bytes_put_varint(writer, ack->ranges[i].to - ack->ranges[i].from - 1);
    }
}

static bool get_ack(struct bytes_reader *reader, struct frame_ack *ack) {
    ack->largest = bytes_get_varint(reader);
    ack->delay_us = bytes_get_varint(reader);
    ack->received_us = bytes_get_varint(reader);
    ack->range_count = bytes_get_varint(reader);
    if (ack->range_count == 0 || ack->range_count > FRAME_ACK_RANGES_MAX ||
        ack->received_us >= ARRIVAL_STAMPS) {
        return false;
    }
    uint64_t end = ack->largest + 1;
    for (size_t i = 0; i < ack->range_count; i++) {
        if (i > 0) {
            uint64_t gap = bytes_get_varint(reader) + 1;
            if (gap >= ack->ranges[i - 1].from) {
                return false;
            }
            end = ack->ranges[i - 1].from - gap;
        }
        uint64_t length = bytes_get_varint(reader) + 1;
        if (length > end) {
            return false;
        }
        ack->ranges[i] = (struct range){end - length, end};
    }
    return !reader->failed;
}

void frame_put_value(struct bytes_writer *writer, enum frame_kind kind, uint64_t value) {
    bytes_put_u8(writer, (uint8_t)kind);
    if (kind == FRAME_WINDOW || kind == FRAME_CLOSE || kind == FRAME_RTT) {
        bytes_put_varint(writer, value);
    }
}

void frame_put_have(struct bytes_writer *writer, uint64_t message, const struct range *range) {
    bytes_put_u8(writer, FRAME_HAVE);
    bytes_put_varint(writer, message);
    bytes_put_varint(writer, range->from);
    bytes_put_varint(writer, range->to - range->from);
}

void frame_put_data_header(struct bytes_writer *writer, const struct frame *frame) {
    bytes_put_u8(writer, (uint8_t)(frame->kind | frame->class));
    bytes_put_varint(writer, frame->message);
    bytes_put_varint(writer, frame->total);
    bytes_put_varint(writer, frame->offset);
    if (frame->kind != FRAME_DATA) {
        bytes_put_u16(writer, (uint16_t)frame->symbol_bytes);
    }
    if (frame->kind == FRAME_REPAIR) {
        bytes_put_u8(writer, frame->repair_index);
    }
}

size_t frame_data_header_bytes(const struct frame *frame) {
    return 1 + varint_bytes(frame->message) + varint_bytes(frame->total) +
           varint_bytes(frame->offset) + (frame->kind == FRAME_DATA ? 0 : 2) +
           (frame->kind == FRAME_REPAIR ? 1 : 0);
}

size_t frame_data_header_most(uint64_t message, uint64_t total) {
    /* A repair's block number is far below the offset it stands for, so its extra byte fits. */
    return 1 + varint_bytes(message) + 2 * varint_bytes(total) + 3;
}

/* A covered symbol is whole, or the message's last. */
static bool is_covered_symbol(const struct frame *frame) {
    bool last = frame->offset + frame->bytes == frame->total;
    return frame->symbol_bytes > 0 && frame->offset % frame->symbol_bytes == 0 &&
           (frame->bytes == frame->symbol_bytes || (last && frame->bytes < frame->symbol_bytes));
}

static bool get_data(struct bytes_reader *reader, struct frame *frame) {
    frame->message = bytes_get_varint(reader);
    frame->total = bytes_get_varint(reader);
    frame->offset = bytes_get_varint(reader);
    frame->symbol_bytes = frame->kind == FRAME_DATA ? 0 : bytes_get_u16(reader);
    frame->repair_index = frame->kind == FRAME_REPAIR ? bytes_get_u8(reader) : 0;
    frame->bytes = bytes_left(reader);
    frame->payload = bytes_get_view(reader, (size_t)frame->bytes);
    if (reader->failed || frame->bytes == 0 || frame->total == 0 ||
        frame->bytes > WAN_DATAGRAM_BYTES_MAX) {
        return false;
    }
    if (frame->kind == FRAME_REPAIR) {
        return frame->bytes == frame->symbol_bytes && frame->repair_index <= REPAIR_INDEX_MAX;
    }
    bool is_inside = frame->offset < frame->total && frame->bytes <= frame->total - frame->offset;
    return is_inside && (frame->kind != FRAME_COVERED || is_covered_symbol(frame));
}

static bool get_have(struct bytes_reader *reader, struct frame *frame) {
    frame->message = bytes_get_varint(reader);
    frame->offset = bytes_get_varint(reader);
    frame->bytes = bytes_get_varint(reader);
    return !reader->failed && frame->bytes > 0;
}

enum frame_result frame_next(struct bytes_reader *reader, struct frame *frame) {
    uint8_t kind = FRAME_PADDING;
    while (kind == FRAME_PADDING) {
        if (bytes_left(reader) == 0) {
            return FRAME_END;
        }
        kind = bytes_get_u8(reader);
    }
    bool good = false;
    frame->kind = (enum frame_kind)kind;
    switch (kind) {
    case FRAME_PING:
        good = true;
        break;
    case FRAME_ACK:
        good = get_ack(reader, &frame->ack);
        break;
    case FRAME_WINDOW:
    case FRAME_CLOSE:
    case FRAME_RTT:
        frame->value = bytes_get_varint(reader);
        good = !reader->failed;
        break;
    case FRAME_HAVE:
        good = get_have(reader, frame);
        break;
    default:
        frame->kind = (enum frame_kind)(kind & ~CLASS_MASK);
        frame->class = (enum link_class)(kind & CLASS_MASK);
        good = frame->kind >= FRAME_DATA && frame->kind <= FRAME_REPAIR &&
               frame->class < LINK_CLASSES && get_data(reader, frame);
    }
    return good ? FRAME_OK : FRAME_MALFORMED;
}
