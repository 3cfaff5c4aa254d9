#include "engine/patch_file.h"

#include "base/check.h"
#include "codec/delta_groups.h"
#include "model/patch.h"

#include <string.h>

enum { WRITER_BYTES = 1 << 20 };

enum satsync_status patch_writer_init(struct patch_writer *writer, struct file *file,
                                      const struct allocator *allocator,
                                      struct satsync_error *error) {
    *writer = (struct patch_writer){.file = file, .allocator = allocator};
    writer->buffer = memory_new(allocator, 1, WRITER_BYTES);
    ENSURE(writer->buffer, error, SATSYNC_NO_MEMORY, file->path, "no memory for a buffer");
    digest_init(&writer->digest);
    return SATSYNC_OK;
}

static enum satsync_status flush(struct patch_writer *writer, struct satsync_error *error) {
    TRY(file_write(writer->file, writer->written, writer->buffer, writer->used, error));
    writer->written += writer->used;
    writer->used = 0;
    return SATSYNC_OK;
}

enum satsync_status patch_writer_put(struct patch_writer *writer, const void *data, size_t bytes,
                                     struct satsync_error *error) {
    const uint8_t *from = data;
    digest_update(&writer->digest, data, bytes);
    while (bytes > 0) {
        size_t room = WRITER_BYTES - writer->used;
        size_t taken = bytes < room ? bytes : room;
        memcpy(writer->buffer + writer->used, from, taken);
        writer->used += taken;
        from += taken;
        bytes -= taken;
        if (writer->used == WRITER_BYTES) {
            TRY(flush(writer, error));
        }
    }
    return SATSYNC_OK;
}

enum satsync_status patch_writer_finish(struct patch_writer *writer, struct satsync_error *error) {
    uint8_t digest[PATCH_DIGEST_BYTES];
    struct digest all = writer->digest;
    digest_final(&all, digest);
    TRY(patch_writer_put(writer, digest, sizeof digest, error));
    return flush(writer, error);
}

void patch_writer_fini(struct patch_writer *writer) {
    memory_free(writer->allocator, writer->buffer);
    writer->buffer = NULL;
}

enum satsync_status patch_reader_init(struct patch_reader *reader, struct file *file, uint64_t end,
                                      const struct allocator *allocator,
                                      struct satsync_error *error) {
    *reader = (struct patch_reader){.file = file, .allocator = allocator, .end = end};
    reader->capacity = delta_groups_bound(PATCH_CHUNK_BYTES);
    reader->buffer = memory_new(allocator, 1, reader->capacity);
    ENSURE(reader->buffer, error, SATSYNC_NO_MEMORY, file->path, "no memory for a buffer");
    return SATSYNC_OK;
}

static enum satsync_status fill(struct patch_reader *reader, struct satsync_error *error) {
    memmove(reader->buffer, reader->buffer + reader->from, reader->to - reader->from);
    reader->to -= reader->from;
    reader->from = 0;
    uint64_t left = reader->end - reader->at;
    size_t room = reader->capacity - reader->to;
    size_t bytes = left < room ? (size_t)left : room;
    TRY(file_read(reader->file, reader->at, reader->buffer + reader->to, bytes, error));
    reader->at += bytes;
    reader->to += bytes;
    return SATSYNC_OK;
}

enum satsync_status patch_reader_take(struct patch_reader *reader, size_t bytes,
                                      const uint8_t **data, struct satsync_error *error) {
    *data = NULL;
    ENSURE(bytes <= reader->capacity && bytes <= patch_reader_left(reader), error,
           SATSYNC_INCOMPLETE, reader->file->path, "the patch ends in the middle of something");
    if (reader->to - reader->from < bytes) {
        TRY(fill(reader, error));
    }
    *data = reader->buffer + reader->from;
    reader->from += bytes;
    return SATSYNC_OK;
}

uint64_t patch_reader_left(const struct patch_reader *reader) {
    return reader->end - reader->at + (reader->to - reader->from);
}

void patch_reader_fini(struct patch_reader *reader) {
    memory_free(reader->allocator, reader->buffer);
    reader->buffer = NULL;
}

static enum satsync_status digest_all(struct patch_reader *reader,
                                      uint8_t digest[PATCH_DIGEST_BYTES],
                                      struct satsync_error *error) {
    struct digest state;
    digest_init(&state);
    while (patch_reader_left(reader) > 0) {
        uint64_t left = patch_reader_left(reader);
        size_t bytes = left < reader->capacity ? (size_t)left : reader->capacity;
        const uint8_t *data;
        TRY(patch_reader_take(reader, bytes, &data, error));
        digest_update(&state, data, bytes);
    }
    digest_final(&state, digest);
    return SATSYNC_OK;
}

enum satsync_status patch_file_check(struct file *file, uint64_t file_bytes,
                                     const struct allocator *allocator,
                                     struct satsync_error *error) {
    uint8_t expected[PATCH_DIGEST_BYTES];
    uint8_t found[PATCH_DIGEST_BYTES];
    struct patch_reader reader;
    assert(file_bytes >= PATCH_DIGEST_BYTES);
    uint64_t end = file_bytes - PATCH_DIGEST_BYTES;
    TRY(file_read(file, end, expected, sizeof expected, error));
    enum satsync_status status = patch_reader_init(&reader, file, end, allocator, error);
    if (status == SATSYNC_OK) {
        status = digest_all(&reader, found, error);
    }
    patch_reader_fini(&reader);
    TRY(status);
    ENSURE(memcmp(found, expected, sizeof found) == 0, error, SATSYNC_CORRUPT, file->path,
           "the patch is damaged or cut short; fetch it again");
    return SATSYNC_OK;
}
