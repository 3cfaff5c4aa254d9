#include "model/extent_table.h"

#include "base/check.h"

#include <string.h>

enum {
    MAGIC = 0x54585353, /* "SSXT" */
    VERSION = 1,
    HEADER_BYTES = 4 + 4 + 8,
    COUNT_AT = 8,
    ENTRY_BYTES = 4 + EXTENT_CHECKSUM_BYTES,
    FIRST_CAPACITY = HEADER_BYTES + 256 * ENTRY_BYTES
};

void extent_table_init(struct extent_table_writer *writer, const struct allocator *allocator) {
    *writer = (struct extent_table_writer){.allocator = allocator};
}

static enum satsync_status make_room(struct extent_table_writer *writer, size_t bytes) {
    if (writer->capacity - writer->bytes >= bytes) {
        return SATSYNC_OK;
    }
    size_t capacity = writer->capacity ? 2 * writer->capacity : FIRST_CAPACITY;
    uint8_t *larger = memory_grow(writer->allocator, writer->data, writer->bytes, capacity);
    if (!larger) {
        return SATSYNC_NO_MEMORY;
    }
    writer->data = larger;
    writer->capacity = capacity;
    if (writer->bytes == 0) {
        store_le32(larger, MAGIC);
        store_le32(larger + 4, VERSION);
        writer->bytes = HEADER_BYTES;
    }
    return SATSYNC_OK;
}

enum satsync_status extent_table_add(struct extent_table_writer *writer, uint32_t bytes,
                                     const uint8_t checksum[EXTENT_CHECKSUM_BYTES]) {
    assert(bytes >= 1 && bytes <= EXTENT_BYTES_MAX);
    if (writer->count == EXTENT_COUNT_MAX) {
        return SATSYNC_LIMIT;
    }
    TRY(make_room(writer, ENTRY_BYTES));
    store_le32(writer->data + writer->bytes, bytes);
    memcpy(writer->data + writer->bytes + 4, checksum, EXTENT_CHECKSUM_BYTES);
    writer->bytes += ENTRY_BYTES;
    writer->count++;
    writer->end += bytes;
    return SATSYNC_OK;
}

const uint8_t *extent_table_finish(struct extent_table_writer *writer, size_t *bytes) {
    if (make_room(writer, 1) != SATSYNC_OK) {
        return NULL;
    }
    store_le64(writer->data + COUNT_AT, writer->count);
    *bytes = writer->bytes;
    return writer->data;
}

void extent_table_fini(struct extent_table_writer *writer) {
    memory_free(writer->allocator, writer->data);
    extent_table_init(writer, writer->allocator);
}

static void read_entry(struct extent_table_reader *reader, struct extent *extent) {
    extent->offset = reader->offset;
    extent->bytes = bytes_get_u32(&reader->in);
    bytes_get_copy(&reader->in, extent->checksum, EXTENT_CHECKSUM_BYTES);
    reader->offset += extent->bytes;
    reader->next++;
}

/* No sum can pass 2^64: EXTENT_COUNT_MAX extents of EXTENT_BYTES_MAX are below 2^51. */
static bool tiles(struct extent_table_reader reader, uint64_t table_offset) {
    while (reader.next < reader.count) {
        struct extent extent;
        read_entry(&reader, &extent);
        if (extent.bytes < 1 || extent.bytes > EXTENT_BYTES_MAX) {
            return false;
        }
    }
    return reader.offset == table_offset && bytes_all_read(&reader.in);
}

enum satsync_status extent_table_open(struct extent_table_reader *reader, const uint8_t *data,
                                      size_t bytes, uint64_t table_offset) {
    *reader = (struct extent_table_reader){.in = bytes_reader_over(data, bytes)};
    uint32_t magic = bytes_get_u32(&reader->in);
    uint32_t version = bytes_get_u32(&reader->in);
    reader->count = bytes_get_u64(&reader->in);
    enum satsync_status status = SATSYNC_OK;
    if (reader->in.failed || magic != MAGIC || version < VERSION) {
        status = SATSYNC_CORRUPT;
    } else if (version > VERSION) {
        status = SATSYNC_NEWER_VERSION;
    } else if (reader->count > EXTENT_COUNT_MAX ||
               bytes_left(&reader->in) != reader->count * ENTRY_BYTES ||
               !tiles(*reader, table_offset)) {
        status = SATSYNC_CORRUPT;
    }
    if (status != SATSYNC_OK) {
        *reader = (struct extent_table_reader){.count = 0};
    }
    return status;
}

bool extent_table_next(struct extent_table_reader *reader, struct extent *extent) {
    if (reader->next >= reader->count) {
        return false;
    }
    read_entry(reader, extent);
    return true;
}

bool extent_table_get(const struct extent_table_reader *reader, uint64_t number,
                      struct extent *extent) {
    struct extent_table_reader walk = *reader;
    if (number >= reader->count) {
        return false;
    }
    walk.in.at = walk.in.end - reader->count * ENTRY_BYTES;
    walk.next = 0;
    walk.offset = 0;
    do {
        read_entry(&walk, extent);
    } while (walk.next <= number);
    return true;
}
