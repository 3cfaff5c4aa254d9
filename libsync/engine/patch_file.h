/*
 * A patch's bytes on their way to a file, front to back and digested, or out of one.
 */
#ifndef ENGINE_PATCH_FILE_H
#define ENGINE_PATCH_FILE_H

#include "base/memory.h"
#include "codec/seal.h"
#include "engine/file.h"

struct patch_writer {
    struct file *file; /* borrowed, as is the allocator */
    const struct allocator *allocator;
    struct digest digest; /* of all that was put */
    uint8_t *buffer;
    size_t used;
    uint64_t written;
};

enum satsync_status patch_writer_init(struct patch_writer *writer, struct file *file,
                                      const struct allocator *allocator,
                                      struct satsync_error *error) SATSYNC_MUST_CHECK;
enum satsync_status patch_writer_put(struct patch_writer *writer, const void *data, size_t bytes,
                                     struct satsync_error *error) SATSYNC_MUST_CHECK;
/* Puts the digest of all before it, as the last of the file. */
enum satsync_status patch_writer_finish(struct patch_writer *writer,
                                        struct satsync_error *error) SATSYNC_MUST_CHECK;
void patch_writer_fini(struct patch_writer *writer);

struct patch_reader {
    struct file *file; /* borrowed, as is the allocator */
    const struct allocator *allocator;
    uint8_t *buffer;
    size_t capacity; /* of it: the most that can be taken at once */
    size_t from;     /* [from, to) of it is not taken yet */
    size_t to;
    uint64_t at; /* in the file: what follows the buffer's content */
    uint64_t end;
};

/* Of the file's bytes [0, end). */
enum satsync_status patch_reader_init(struct patch_reader *reader, struct file *file, uint64_t end,
                                      const struct allocator *allocator,
                                      struct satsync_error *error) SATSYNC_MUST_CHECK;
/* *data is the next `bytes`, until the next call. SATSYNC_INCOMPLETE: there are fewer. */
enum satsync_status patch_reader_take(struct patch_reader *reader, size_t bytes,
                                      const uint8_t **data,
                                      struct satsync_error *error) SATSYNC_MUST_CHECK;
uint64_t patch_reader_left(const struct patch_reader *reader);
void patch_reader_fini(struct patch_reader *reader);

/* Reads all of the file: SATSYNC_CORRUPT when its last bytes are not the digest of those before. */
enum satsync_status patch_file_check(struct file *file, uint64_t file_bytes,
                                     const struct allocator *allocator,
                                     struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
