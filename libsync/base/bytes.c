#include "base/bytes.h"

#include <assert.h>
#include <string.h>

uint16_t load_le16(const void *at) {
    const uint8_t *b = at;
    return (uint16_t)(b[0] | b[1] << 8);
}

uint32_t load_le32(const void *at) {
    return load_le16(at) | (uint32_t)load_le16((const uint8_t *)at + 2) << 16;
}

uint64_t load_le64(const void *at) {
    return load_le32(at) | (uint64_t)load_le32((const uint8_t *)at + 4) << 32;
}

void store_le16(void *at, uint16_t value) {
    uint8_t *b = at;
    b[0] = (uint8_t)value;
    b[1] = (uint8_t)(value >> 8);
}

void store_le32(void *at, uint32_t value) {
    store_le16(at, (uint16_t)value);
    store_le16((uint8_t *)at + 2, (uint16_t)(value >> 16));
}

void store_le64(void *at, uint64_t value) {
    store_le32(at, (uint32_t)value);
    store_le32((uint8_t *)at + 4, (uint32_t)(value >> 32));
}

struct bytes_reader bytes_reader_over(const void *data, size_t bytes) {
    struct bytes_reader reader = {.at = data, .end = data};
    if (bytes > 0) {
        reader.end += bytes;
    }
    return reader;
}

size_t bytes_left(const struct bytes_reader *reader) {
    return reader->failed ? 0 : (size_t)(reader->end - reader->at);
}

bool bytes_all_read(const struct bytes_reader *reader) {
    return !reader->failed && reader->at == reader->end;
}

const uint8_t *bytes_get_view(struct bytes_reader *reader, size_t count) {
    if (reader->failed || bytes_left(reader) < count) {
        reader->failed = true;
        return NULL;
    }
    const uint8_t *view = reader->at;
    if (count > 0) {
        reader->at += count;
    }
    return view;
}

void bytes_get_copy(struct bytes_reader *reader, void *out, size_t count) {
    const uint8_t *view = bytes_get_view(reader, count);
    if (count == 0) {
        return;
    }
    if (view) {
        memcpy(out, view, count);
    } else {
        memset(out, 0, count);
    }
}

uint8_t bytes_get_u8(struct bytes_reader *reader) {
    const uint8_t *view = bytes_get_view(reader, 1);
    return view ? *view : 0;
}

uint16_t bytes_get_u16(struct bytes_reader *reader) {
    const uint8_t *view = bytes_get_view(reader, 2);
    return view ? load_le16(view) : 0;
}

uint32_t bytes_get_u32(struct bytes_reader *reader) {
    const uint8_t *view = bytes_get_view(reader, 4);
    return view ? load_le32(view) : 0;
}

uint64_t bytes_get_u64(struct bytes_reader *reader) {
    const uint8_t *view = bytes_get_view(reader, 8);
    return view ? load_le64(view) : 0;
}

uint64_t bytes_get_varint(struct bytes_reader *reader) {
    /* The first byte's two top bits give the length; the rest is big-endian, as in RFC 9000. */
    uint8_t first = bytes_get_u8(reader);
    uint64_t value = first & 0x3f;
    for (size_t left = ((size_t)1 << (first >> 6)) - 1; left > 0; left--) {
        value = value << 8 | bytes_get_u8(reader);
    }
    return reader->failed ? 0 : value;
}

struct bytes_writer bytes_writer_over(void *data, size_t bytes) {
    struct bytes_writer writer = {.start = data, .at = data, .end = data};
    if (bytes > 0) {
        writer.end += bytes;
    }
    return writer;
}

size_t bytes_written(const struct bytes_writer *writer) {
    return (size_t)(writer->at - writer->start);
}

size_t bytes_room(const struct bytes_writer *writer) {
    return writer->failed ? 0 : (size_t)(writer->end - writer->at);
}

static uint8_t *reserve(struct bytes_writer *writer, size_t count) {
    if (writer->failed || (size_t)(writer->end - writer->at) < count) {
        writer->failed = true;
        return NULL;
    }
    uint8_t *at = writer->at;
    if (count > 0) {
        writer->at += count;
    }
    return at;
}

void bytes_put(struct bytes_writer *writer, const void *data, size_t count) {
    uint8_t *at = reserve(writer, count);
    if (at && count > 0) {
        memcpy(at, data, count);
    }
}

void bytes_put_u8(struct bytes_writer *writer, uint8_t value) {
    bytes_put(writer, &value, 1);
}

void bytes_put_u16(struct bytes_writer *writer, uint16_t value) {
    uint8_t *at = reserve(writer, 2);
    if (at) {
        store_le16(at, value);
    }
}

void bytes_put_u32(struct bytes_writer *writer, uint32_t value) {
    uint8_t *at = reserve(writer, 4);
    if (at) {
        store_le32(at, value);
    }
}

void bytes_put_u64(struct bytes_writer *writer, uint64_t value) {
    uint8_t *at = reserve(writer, 8);
    if (at) {
        store_le64(at, value);
    }
}

size_t varint_bytes(uint64_t value) {
    assert(value < (uint64_t)1 << 62);
    return value < 64 ? 1 : value < 16384 ? 2 : value < (uint64_t)1 << 30 ? 4 : 8;
}

void bytes_put_varint(struct bytes_writer *writer, uint64_t value) {
    size_t count = varint_bytes(value);
    uint8_t *at = reserve(writer, count);
    if (!at) {
        return;
    }
    for (size_t i = count; i > 0; i--) {
        at[i - 1] = (uint8_t)value;
        value >>= 8;
    }
    static const uint8_t length_bits[9] = {[1] = 0x00, [2] = 0x40, [4] = 0x80, [8] = 0xc0};
    at[0] |= length_bits[count];
}
