#include "ckpt/store/claims.h"

#include <assert.h>
#include <string.h>

enum { MAGIC = 0x4a535353, VERSION = 2 };

static const uint64_t sum_start = 0xcbf29ce484222325;

static uint64_t sum_of(uint64_t sum, const uint8_t *data, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        sum = (sum ^ data[i]) * 0x100000001b3;
    }
    return sum;
}

size_t claims_header_bytes(size_t files) {
    return CLAIMS_HEADER_FIXED_BYTES + files * CLAIMS_FILE_BYTES;
}

size_t claims_record_bytes(size_t count) {
    return CLAIMS_RECORD_FIXED_BYTES + count * CLAIMS_CLAIM_BYTES;
}

/* Ends what `writer` wrote with its sum, and checks that it filled exactly its room. */
static void put_sum(struct bytes_writer *writer, uint64_t *sum) {
    *sum = sum_of(*sum, writer->start, bytes_written(writer));
    bytes_put_u64(writer, *sum);
    assert(!writer->failed && bytes_room(writer) == 0);
}

void claims_put_header(uint8_t *out, const uint8_t digest[CLAIMS_DIGEST_BYTES],
                       const struct incoming_file *files, size_t count, uint64_t *sum) {
    assert(count <= CLAIMS_FILES_MOST);
    struct bytes_writer writer = bytes_writer_over(out, claims_header_bytes(count));
    bytes_put_u32(&writer, MAGIC);
    bytes_put_u32(&writer, VERSION);
    bytes_put(&writer, digest, CLAIMS_DIGEST_BYTES);
    bytes_put_u32(&writer, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        bytes_put(&writer, files[i].id.bytes, PACK_ID_BYTES);
        bytes_put_u64(&writer, files[i].bytes);
    }
    *sum = sum_start;
    put_sum(&writer, sum);
}

bool claims_get_header(struct bytes_reader *reader, struct claims_header *header, uint64_t *sum) {
    const uint8_t *start = reader->at;
    uint32_t magic = bytes_get_u32(reader);
    uint32_t version = bytes_get_u32(reader);
    header->digest = bytes_get_view(reader, CLAIMS_DIGEST_BYTES);
    header->files = bytes_get_u32(reader);
    if (reader->failed || magic != MAGIC || version != VERSION ||
        header->files > CLAIMS_FILES_MOST) {
        return false;
    }
    header->file_bytes = bytes_get_view(reader, (size_t)header->files * CLAIMS_FILE_BYTES);
    uint64_t found = bytes_get_u64(reader);
    if (reader->failed) {
        return false;
    }
    *sum = sum_of(sum_start, start, (size_t)(reader->at - start) - 8);
    return *sum == found;
}

struct incoming_file claims_header_file(const struct claims_header *header, size_t n) {
    assert(n < header->files);
    struct bytes_reader reader =
        bytes_reader_over(header->file_bytes + n * CLAIMS_FILE_BYTES, CLAIMS_FILE_BYTES);
    struct incoming_file file;
    bytes_get_copy(&reader, file.id.bytes, PACK_ID_BYTES);
    file.bytes = bytes_get_u64(&reader);
    assert(bytes_all_read(&reader));
    return file;
}

void claims_put_record(uint8_t *out, const struct claim *claims, size_t count, uint64_t *sum) {
    assert(count > 0 && count <= CLAIMS_PER_RECORD);
    struct bytes_writer writer = bytes_writer_over(out, claims_record_bytes(count));
    bytes_put_u32(&writer, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        assert(claims[i].file < CLAIMS_FILES_MOST);
        bytes_put_u32(&writer, claims[i].file * 4 + (uint32_t)claims[i].kind);
        bytes_put_u64(&writer, claims[i].range.from);
        bytes_put_u64(&writer, claims[i].range.to);
    }
    put_sum(&writer, sum);
}

size_t claims_get_record(struct bytes_reader *reader, struct claim *claims, uint64_t *sum) {
    const uint8_t *start = reader->at;
    uint32_t count = bytes_get_u32(reader);
    if (reader->failed || count == 0 || count > CLAIMS_PER_RECORD) {
        return 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t file = bytes_get_u32(reader);
        claims[i].file = file / 4;
        claims[i].kind = (enum claim_kind)(file % 4);
        claims[i].range.from = bytes_get_u64(reader);
        claims[i].range.to = bytes_get_u64(reader);
    }
    uint64_t found = bytes_get_u64(reader);
    if (reader->failed) {
        return 0;
    }
    uint64_t expected = sum_of(*sum, start, (size_t)(reader->at - start) - 8);
    if (expected != found) {
        return 0;
    }
    *sum = expected;
    return count;
}
