/*
 * The exchange protocol: what two sites say to each other about a checkpoint, as messages of the
 * control class. Bulk bytes follow as messages of the checkpoint class, without a header: after an
 * offer, the sender's next messages are the ranges of the receiver's answer, in its order.
 *
 *     sender                        receiver
 *       |  <------ ask (pull only) --- |
 *       |  --- offer (manifest) -----> |   signature and signer are checked
 *       |  <-- want (ranges) --------- |   empty: nothing is missing
 *       |  ===== bytes of range 0 ===> |
 *       |  ===== bytes of range n ===> |   every extent is checked, then committed
 *       |  <-- result ---------------- |
 *
 * Every message begins with its kind and the protocol's version; a receiver refuses a newer one.
 * Encoders and decoders are pure; decoders check everything but trust nothing.
 */
#ifndef ENGINE_WIRE_H
#define ENGINE_WIRE_H

#include "base/bytes.h"

#include <satsync/status.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WIRE_VERSION = 1,
    WIRE_MESSAGE_LIMIT = 16 << 20, /* bytes of one control message */
    WIRE_RANGES_LIMIT = 1 << 17,   /* ranges in one answer; more than packs in a manifest */
    WIRE_TEXT_LIMIT = 400          /* bytes of a result's text */
};

enum wire_kind { WIRE_OFFER = 1, WIRE_WANT = 2, WIRE_RESULT = 3, WIRE_ASK = 4 };

/* A part of file `file`: the index of a pack in the offered manifest. */
struct wire_range {
    uint32_t file;
    uint64_t offset;
    uint64_t bytes; /* > 0 */
};

struct wire_message {
    enum wire_kind kind;
    uint64_t step;                  /* offer, ask */
    uint8_t plan_only;              /* offer: say what is wanted, then forget it */
    const uint8_t *manifest;        /* offer: a view */
    size_t manifest_bytes;          /* offer */
    uint64_t present_bytes;         /* want: of the packs, already there */
    uint32_t range_count;           /* want */
    struct bytes_reader ranges;     /* want: read each with wire_next_range */
    enum satsync_status status;     /* result: one that this release knows */
    char text[WIRE_TEXT_LIMIT + 1]; /* result: printable UTF-8 */
};

/* Writes the message into `out`; 0 when it does not fit. Ranges are appended one by one with
 * wire_put_range after a want whose range_count says how many follow. */
size_t wire_encode(const struct wire_message *message, void *out, size_t out_bytes);
size_t wire_encoded_bytes(const struct wire_message *message);
size_t wire_put_range(const struct wire_range *range, void *out, size_t out_bytes);

enum satsync_status wire_decode(const void *data, size_t bytes, struct wire_message *message,
                                struct satsync_error *error) SATSYNC_MUST_CHECK;

/* The next of the message's range_count ranges. */
enum satsync_status wire_next_range(struct wire_message *message,
                                    struct wire_range *range) SATSYNC_MUST_CHECK;

enum { WIRE_RANGE_BYTES = 20 };

#endif
