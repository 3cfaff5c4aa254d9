#include "engine/wire.h"

#include "base/check.h"
#include "base/json.h"

#include <string.h>

enum { HEADER_BYTES = 2 };

size_t wire_encoded_bytes(const struct wire_message *message) {
    switch (message->kind) {
    case WIRE_OFFER:
        return HEADER_BYTES + 8 + 1 + 4 + message->manifest_bytes;
    case WIRE_WANT:
        return HEADER_BYTES + 8 + 4 + (size_t)message->range_count * WIRE_RANGE_BYTES;
    case WIRE_RESULT:
        return HEADER_BYTES + 2 + 2 + strlen(message->text);
    case WIRE_ASK:
        return HEADER_BYTES + 8;
    }
    return 0;
}

size_t wire_encode(const struct wire_message *message, void *out, size_t out_bytes) {
    struct bytes_writer writer = bytes_writer_over(out, out_bytes);
    bytes_put_u8(&writer, (uint8_t)message->kind);
    bytes_put_u8(&writer, WIRE_VERSION);
    switch (message->kind) {
    case WIRE_OFFER:
        bytes_put_u64(&writer, message->step);
        bytes_put_u8(&writer, message->plan_only);
        bytes_put_u32(&writer, (uint32_t)message->manifest_bytes);
        bytes_put(&writer, message->manifest, message->manifest_bytes);
        break;
    case WIRE_WANT:
        bytes_put_u64(&writer, message->present_bytes);
        bytes_put_u32(&writer, message->range_count);
        break;
    case WIRE_RESULT:
        bytes_put_u16(&writer, (uint16_t)message->status);
        bytes_put_u16(&writer, (uint16_t)strlen(message->text));
        bytes_put(&writer, message->text, strlen(message->text));
        break;
    case WIRE_ASK:
        bytes_put_u64(&writer, message->step);
        break;
    }
    return writer.failed ? 0 : bytes_written(&writer);
}

size_t wire_put_range(const struct wire_range *range, void *out, size_t out_bytes) {
    struct bytes_writer writer = bytes_writer_over(out, out_bytes);
    bytes_put_u32(&writer, range->file);
    bytes_put_u64(&writer, range->offset);
    bytes_put_u64(&writer, range->bytes);
    return writer.failed ? 0 : bytes_written(&writer);
}

static void decode_offer(struct bytes_reader *reader, struct wire_message *message) {
    message->step = bytes_get_u64(reader);
    message->plan_only = bytes_get_u8(reader);
    message->manifest_bytes = bytes_get_u32(reader);
    message->manifest = bytes_get_view(reader, message->manifest_bytes);
    reader->failed |= message->plan_only > 1;
}

static void decode_want(struct bytes_reader *reader, struct wire_message *message) {
    message->present_bytes = bytes_get_u64(reader);
    message->range_count = bytes_get_u32(reader);
    size_t ranges_bytes = (size_t)message->range_count * WIRE_RANGE_BYTES;
    reader->failed |= message->range_count > WIRE_RANGES_LIMIT;
    const uint8_t *ranges = bytes_get_view(reader, ranges_bytes);
    message->ranges = bytes_reader_over(ranges, ranges ? ranges_bytes : 0);
}

/* It will be shown on an operator's terminal: no control characters, neither those of ASCII nor
 * those from U+0080 to U+009F, and nothing but UTF-8. */
static void make_printable(char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        text[i] = c < 0x20 || c == 0x7f ? '?' : text[i];
    }
    bool is_utf8 = json_is_utf8(text);
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (is_utf8 && c == 0xc2 && (unsigned char)text[i + 1] < 0xa0) {
            text[i] = text[i + 1] = '?';
        } else if (!is_utf8 && c >= 0x80) {
            text[i] = '?';
        }
    }
}

static void decode_result(struct bytes_reader *reader, struct wire_message *message) {
    message->status = (enum satsync_status)bytes_get_u16(reader);
    if (strcmp(satsync_status_name(message->status), "unknown") == 0) {
        message->status = SATSYNC_PEER_FAILED; /* a word that a later release added */
    }
    size_t length = bytes_get_u16(reader);
    if (length > WIRE_TEXT_LIMIT) {
        reader->failed = true;
        return;
    }
    bytes_get_copy(reader, message->text, length);
    make_printable(message->text, length);
}

enum satsync_status wire_decode(const void *data, size_t bytes, struct wire_message *message,
                                struct satsync_error *error) {
    *message = (struct wire_message){0};
    struct bytes_reader reader = bytes_reader_over(data, bytes);
    uint8_t kind = bytes_get_u8(&reader);
    uint8_t version = bytes_get_u8(&reader);
    ENSURE(!reader.failed, error, SATSYNC_PROTOCOL, "peer", "it sent an empty message");
    ENSURE(version <= WIRE_VERSION, error, SATSYNC_NEWER_VERSION, "peer",
           "it speaks version %u of the exchange, this side %u; upgrade this side", version,
           WIRE_VERSION);
    reader.failed = version == 0; /* there never was one */
    message->kind = (enum wire_kind)kind;
    switch (message->kind) {
    case WIRE_OFFER:
        decode_offer(&reader, message);
        break;
    case WIRE_WANT:
        decode_want(&reader, message);
        break;
    case WIRE_RESULT:
        decode_result(&reader, message);
        break;
    case WIRE_ASK:
        message->step = bytes_get_u64(&reader);
        break;
    default:
        reader.failed = true;
    }
    ENSURE(bytes_all_read(&reader), error, SATSYNC_PROTOCOL, "peer",
           "it sent a malformed message of kind %u", kind);
    return SATSYNC_OK;
}

enum satsync_status wire_next_range(struct wire_message *message, struct wire_range *range) {
    range->file = bytes_get_u32(&message->ranges);
    range->offset = bytes_get_u64(&message->ranges);
    range->bytes = bytes_get_u64(&message->ranges);
    uint64_t end;
    bool good = !message->ranges.failed && range->bytes > 0 &&
                !__builtin_add_overflow(range->offset, range->bytes, &end);
    return good ? SATSYNC_OK : SATSYNC_PROTOCOL;
}
