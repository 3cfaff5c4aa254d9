/* Frames as a peer that holds the keys could send them: each decodes to what encodes back, and a
 * link with data in flight survives a packet of them. */
#include "codec/parity.h"
#include "transport/wan/frame.h"
#include "transport/wan/handshake.h"
#include "transport/wan/packet.h"
#include "transport/wan/wan.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check(bool holds) {
    if (!holds) {
        abort();
    }
}

static void check_frame(const struct frame *frame) {
    uint8_t again[2048];
    struct bytes_writer writer = bytes_writer_over(again, sizeof again);
    struct frame back;
    struct bytes_reader reader;
    if (frame->kind == FRAME_ACK) {
        frame_put_ack(&writer, &frame->ack);
        reader = bytes_reader_over(again, bytes_written(&writer));
        check(frame_next(&reader, &back) == FRAME_OK && back.kind == FRAME_ACK);
        check(back.ack.range_count == frame->ack.range_count);
        check(memcmp(back.ack.ranges, frame->ack.ranges,
                     frame->ack.range_count * sizeof(struct range)) == 0);
    } else if (frame->kind >= FRAME_DATA) {
        check(frame->kind == FRAME_REPAIR || frame->offset + frame->bytes <= frame->total);
        frame_put_data_header(&writer, frame);
        check(!writer.failed && bytes_written(&writer) == frame_data_header_bytes(frame));
    }
}

static void decode_all(const uint8_t *data, size_t bytes) {
    struct bytes_reader reader = bytes_reader_over(data, bytes);
    struct frame frame;
    while (frame_next(&reader, &frame) == FRAME_OK) {
        check_frame(&frame);
    }
}

static struct wan *make_wan(struct parity *parity) {
    static const struct handshake_secrets secrets = {.session = 5, .initiator = true, .send = {1}};
    struct wan_options options = {.secrets = &secrets,
                                  .parity = parity,
                                  .rate_bps = 100000000,
                                  .max_in_flight = 256,
                                  .max_messages = 4,
                                  .max_slices = 8,
                                  .max_message_ranges = 8,
                                  .repair_memory_bytes = 1};
    struct wan *wan;
    check(wan_new(&options, &wan, NULL) == SATSYNC_OK);
    return wan;
}

static void drain(struct wan *wan) {
    struct link_event event;
    while (wan_event(wan, &event)) {
        if (event.kind == LINK_EVENT_DATA) {
            check(event.bytes > 0 && event.offset + event.bytes <= event.message_bytes);
            wan_release(wan, event.bytes);
        }
    }
}

/* Each packet of the input begins with its length in two bytes. */
static void feed(struct wan *wan, const uint8_t *data, size_t bytes) {
    struct wan_key key;
    const uint8_t secret[WAN_KEY_BYTES] = {0};
    wan_key_set(&key, WAN_CHACHA20POLY1305, secret);
    struct bytes_reader reader = bytes_reader_over(data, bytes);
    for (uint64_t number = 0; bytes_left(&reader) > 2 && number < 64; number++) {
        size_t length = bytes_get_u16(&reader) % 1500;
        length = length < bytes_left(&reader) ? length : bytes_left(&reader);
        uint8_t datagram[PACKET_HEADER_BYTES + 1500 + WAN_TAG_BYTES];
        struct packet_header header = {.by_responder = true, .session = 5, .number = number};
        packet_encode(&header, datagram);
        bytes_get_copy(&reader, datagram + PACKET_HEADER_BYTES, length);
        struct wan_packet packet = {.number = number,
                                    .header = datagram,
                                    .header_bytes = PACKET_HEADER_BYTES,
                                    .payload = datagram + PACKET_HEADER_BYTES,
                                    .payload_bytes = length};
        wan_key_seal(&key, &packet);
        uint64_t now = 1000000000 + number * 10000000;
        wan_recv(wan, now, datagram, PACKET_HEADER_BYTES + length + WAN_TAG_BYTES);
        drain(wan);
        uint8_t out[4096];
        struct wan_batch batch = {.data = out, .capacity = sizeof out};
        wan_tick(wan, now);
        while (wan_send(wan, now, &batch)) {
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    static struct parity *parity;
    if (!parity) {
        parity = parity_open(NULL);
    }
    decode_all(data, bytes);
    struct wan *wan = make_wan(parity);
    static const uint8_t message[20000];
    uint64_t number;
    check(wan_submit(wan, 1000000000,
                     &(struct link_message){.class = LINK_GRADIENT, .bytes = sizeof message},
                     &number) == SATSYNC_OK);
    check(wan_write(wan, number, &(struct link_slice){message, sizeof message, NULL}) ==
          SATSYNC_OK);
    uint8_t out[4096];
    struct wan_batch batch = {.data = out, .capacity = sizeof out};
    while (wan_send(wan, 1000000000, &batch)) {
    }
    feed(wan, data, bytes);
    wan_free(wan);
    return 0;
}
