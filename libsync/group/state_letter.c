#include "group/state_letter.h"

#include "base/bytes.h"

#include <assert.h>
#include <string.h>

/*
 *     0  u8   0x82
 *     1  u8   version, 1
 *     2  u8   blobs, 3
 *     3  u8[5] zero
 *     8  u64  bytes of each blob
 *     32      the blobs, each padded with zeros to a multiple of 8
 */
enum { VERSION = 1, HEAD_BYTES = 32 };

static const char *const names[STATE_LETTER_BLOBS] = {"rounds.agreed", "rounds.momentum",
                                                      "rounds.position"};

static size_t padded(uint64_t bytes) {
    return (size_t)(bytes + 7) / 8 * 8;
}

bool state_letter_is_request(const uint8_t *data, size_t bytes) {
    return bytes == STATE_LETTER_REQUEST_BYTES && data[0] == STATE_LETTER_REQUEST &&
           data[1] == VERSION;
}

void state_letter_put_request(uint8_t out[STATE_LETTER_REQUEST_BYTES]) {
    out[0] = STATE_LETTER_REQUEST;
    out[1] = VERSION;
}

static const struct rounds_blob *blob_named(const struct rounds_blob blobs[ROUNDS_BLOBS],
                                            const char *name) {
    for (size_t i = 0; i < ROUNDS_BLOBS; i++) {
        if (strcmp(blobs[i].name, name) == 0) {
            return &blobs[i];
        }
    }
    assert(!"the machine has all blobs");
    return NULL;
}

size_t state_letter_bytes(const struct rounds_blob blobs[ROUNDS_BLOBS]) {
    size_t bytes = HEAD_BYTES;
    for (size_t i = 0; i < STATE_LETTER_BLOBS; i++) {
        bytes += padded(blob_named(blobs, names[i])->bytes);
    }
    return bytes;
}

void state_letter_write(const struct rounds_blob blobs[ROUNDS_BLOBS], uint8_t *out, size_t bytes) {
    memset(out, 0, bytes);
    struct bytes_writer writer = bytes_writer_over(out, bytes);
    bytes_put_u8(&writer, STATE_LETTER_STATE);
    bytes_put_u8(&writer, VERSION);
    bytes_put_u8(&writer, STATE_LETTER_BLOBS);
    bytes_put(&writer, (const uint8_t[5]){0}, 5);
    for (size_t i = 0; i < STATE_LETTER_BLOBS; i++) {
        bytes_put_u64(&writer, blob_named(blobs, names[i])->bytes);
    }
    for (size_t i = 0; i < STATE_LETTER_BLOBS; i++) {
        const struct rounds_blob *blob = blob_named(blobs, names[i]);
        bytes_put(&writer, blob->data, blob->bytes);
        bytes_put(&writer, (const uint8_t[8]){0}, padded(blob->bytes) - blob->bytes);
    }
    assert(!writer.failed && bytes_room(&writer) == 0);
}

enum satsync_status state_letter_read(const uint8_t *data, size_t bytes,
                                      struct rounds_blob blobs[STATE_LETTER_BLOBS]) {
    struct bytes_reader reader = bytes_reader_over(data, bytes);
    uint8_t head[8];
    bytes_get_copy(&reader, head, sizeof head);
    static const uint8_t wanted[8] = {STATE_LETTER_STATE, VERSION, STATE_LETTER_BLOBS};
    if (memcmp(head, wanted, sizeof head) != 0) {
        return SATSYNC_PROTOCOL;
    }
    for (size_t i = 0; i < STATE_LETTER_BLOBS; i++) {
        uint64_t blob_bytes = bytes_get_u64(&reader);
        if (blob_bytes > bytes) {
            return SATSYNC_PROTOCOL;
        }
        blobs[i] = (struct rounds_blob){.name = names[i], .bytes = (size_t)blob_bytes};
    }
    for (size_t i = 0; i < STATE_LETTER_BLOBS; i++) {
        blobs[i].data = bytes_get_view(&reader, blobs[i].bytes);
        const uint8_t *padding = bytes_get_view(&reader, padded(blobs[i].bytes) - blobs[i].bytes);
        for (size_t b = 0; padding && b < padded(blobs[i].bytes) - blobs[i].bytes; b++) {
            if (padding[b] != 0) {
                return SATSYNC_PROTOCOL;
            }
        }
    }
    return bytes_all_read(&reader) ? SATSYNC_OK : SATSYNC_PROTOCOL;
}
