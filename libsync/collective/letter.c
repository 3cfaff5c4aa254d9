#include "collective/letter.h"

#include "base/bytes.h"
#include "base/check.h"

enum { MAGIC = 0x314c4353 }; /* "SCL1" */

size_t letter_write(const struct letter *letter, uint8_t *out) {
    assert(letter->payload_bytes <= PLAN_SMALL_BYTES);
    struct bytes_writer writer = bytes_writer_over(out, LETTER_BYTES);
    bytes_put_u32(&writer, MAGIC);
    bytes_put_u8(&writer, letter->kind);
    bytes_put_u8(&writer, letter->dtype);
    bytes_put_u8(&writer, letter->root);
    bytes_put_u8(&writer, letter->ranks);
    bytes_put_u64(&writer, letter->sequence);
    bytes_put_u64(&writer, letter->count);
    bytes_put_u32(&writer, letter->chunk_bytes);
    bytes_put_u32(&writer, 0);
    bytes_put(&writer, letter->payload, letter->payload_bytes);
    assert(!writer.failed);
    return bytes_written(&writer);
}

bool letter_read(struct letter *letter, const uint8_t *bytes, size_t count) {
    struct bytes_reader reader = bytes_reader_over(bytes, count);
    uint32_t magic = bytes_get_u32(&reader);
    *letter = (struct letter){.kind = bytes_get_u8(&reader)};
    letter->dtype = bytes_get_u8(&reader);
    letter->root = bytes_get_u8(&reader);
    letter->ranks = bytes_get_u8(&reader);
    letter->sequence = bytes_get_u64(&reader);
    letter->count = bytes_get_u64(&reader);
    letter->chunk_bytes = bytes_get_u32(&reader);
    uint32_t zero = bytes_get_u32(&reader);
    letter->payload_bytes = bytes_left(&reader);
    letter->payload = bytes_get_view(&reader, letter->payload_bytes);
    bool is_known = letter->kind < COLLECTIVE_KINDS || letter->kind == LETTER_ROLL_CALL;
    return bytes_all_read(&reader) && magic == MAGIC && zero == 0 && is_known &&
           letter->dtype < COLLECTIVE_DTYPES && letter->payload_bytes <= PLAN_SMALL_BYTES;
}
