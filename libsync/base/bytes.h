/*
 * Byte cursors: the only place that shifts and masks.
 *
 * A reader or writer carries its bounds and a sticky failure, so that a parser reads like the
 * message's schema and is checked once at its end. All integers are little-endian; no access is
 * aligned. Pure.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

uint16_t load_le16(const void *at);
uint32_t load_le32(const void *at);
uint64_t load_le64(const void *at);
void store_le16(void *at, uint16_t value);
void store_le32(void *at, uint32_t value);
void store_le64(void *at, uint64_t value);

struct bytes_reader {
    const uint8_t *at;
    const uint8_t *end;
    bool failed; /* a read went past the end; every later read gives 0 or NULL */
};

struct bytes_reader bytes_reader_over(const void *data, size_t bytes);

/* 0 once a read has failed, so that a loop over what is left ends. */
size_t bytes_left(const struct bytes_reader *reader);

/* True when nothing failed and nothing is left: what every decoder ends with. */
bool bytes_all_read(const struct bytes_reader *reader);

uint8_t bytes_get_u8(struct bytes_reader *reader);
uint16_t bytes_get_u16(struct bytes_reader *reader);
uint32_t bytes_get_u32(struct bytes_reader *reader);
uint64_t bytes_get_u64(struct bytes_reader *reader);

/* QUIC's variable-length integer (RFC 9000 section 16): 1, 2, 4 or 8 bytes, values below 2^62. */
uint64_t bytes_get_varint(struct bytes_reader *reader);

/* A view of the next `count` bytes, or NULL when there are fewer. */
const uint8_t *bytes_get_view(struct bytes_reader *reader, size_t count);

/* Copies the next `count` bytes; on failure `out` is zeroed. */
void bytes_get_copy(struct bytes_reader *reader, void *out, size_t count);

struct bytes_writer {
    uint8_t *start;
    uint8_t *at;
    uint8_t *end;
    bool failed; /* a write did not fit; every later write does nothing */
};

struct bytes_writer bytes_writer_over(void *data, size_t bytes);
size_t bytes_written(const struct bytes_writer *writer);
size_t bytes_room(const struct bytes_writer *writer);

void bytes_put_u8(struct bytes_writer *writer, uint8_t value);
void bytes_put_u16(struct bytes_writer *writer, uint16_t value);
void bytes_put_u32(struct bytes_writer *writer, uint32_t value);
void bytes_put_u64(struct bytes_writer *writer, uint64_t value);
void bytes_put_varint(struct bytes_writer *writer, uint64_t value);
void bytes_put(struct bytes_writer *writer, const void *data, size_t count);

/* Bytes that bytes_put_varint takes for `value`: 1, 2, 4 or 8. */
size_t varint_bytes(uint64_t value);

#endif
