/* The exchange's decoder: whatever the bytes, it stays within them, and what it accepts encodes to
 * the same bytes again; of a result, to what decodes to the same. */
#include "engine/wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds) {
    if (!holds) {
        abort();
    }
}

static size_t put_ranges(struct wire_message *message, uint8_t *out, size_t room) {
    size_t bytes = 0;
    for (uint32_t i = 0; i < message->range_count; i++) {
        struct wire_range range;
        /* A range that is refused is one all the same. */
        bool good = wire_next_range(message, &range) == SATSYNC_OK;
        check(!good || (range.bytes > 0 && range.offset + range.bytes > range.offset));
        bytes += wire_put_range(&range, out + bytes, room - bytes);
    }
    struct wire_range none;
    check(wire_next_range(message, &none) != SATSYNC_OK);
    return bytes;
}

static void check_result(const struct wire_message *message, const uint8_t *again, size_t bytes) {
    struct wire_message second;
    check(wire_decode(again, bytes, &second, NULL) == SATSYNC_OK);
    check(second.status == message->status && strcmp(second.text, message->text) == 0);
    check(strcmp(satsync_status_name(message->status), "unknown") != 0);
    for (const char *at = message->text; *at; at++) {
        check((unsigned char)*at >= 0x20 && *at != 0x7f);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct wire_message message;
    if (wire_decode(data, size, &message, NULL) != SATSYNC_OK) {
        return 0;
    }
    size_t room = wire_encoded_bytes(&message);
    check(room == size);
    uint8_t *again = malloc(room);
    check(again);
    size_t bytes = wire_encode(&message, again, room);
    if (message.kind == WIRE_WANT) {
        bytes += put_ranges(&message, again + bytes, room - bytes);
    }
    check(bytes == size);
    if (message.kind == WIRE_RESULT) {
        check_result(&message, again, bytes);
    } else {
        check(memcmp(again, data, size) == 0);
    }
    free(again);
    return 0;
}
