/*
 * A pack's extent table: the size and checksum of each sealed extent, in clear at the pack's end
 * (docs/format.md, "Pack"). Anyone, key or not, can find accidental damage with it; its digest in
 * the signed root vouches for the table itself.
 *
 *   pack = extent 0 | extent 1 | ... | table | zeros
 */
#ifndef MODEL_EXTENT_TABLE_H
#define MODEL_EXTENT_TABLE_H

#include "base/bytes.h"
#include "base/memory.h"

#include <satsync/status.h>

enum {
    EXTENT_CHECKSUM_BYTES = 16,
    EXTENT_BYTES_MAX = 17 << 20, /* a largest chunk, coded and sealed, and room */
    EXTENT_COUNT_MAX = 1 << 26
};

struct extent {
    uint64_t offset; /* in the pack */
    uint32_t bytes;
    uint8_t checksum[EXTENT_CHECKSUM_BYTES]; /* XXH3-128 of the sealed bytes */
};

struct extent_table_writer {
    uint8_t *data;
    size_t bytes;
    size_t capacity;
    uint64_t count;
    uint64_t end; /* of the last extent: offset of the next one, and of the table */
    const struct allocator *allocator;
};

void extent_table_init(struct extent_table_writer *writer, const struct allocator *allocator);

/* Adds the next extent, which begins at writer->end and has number writer->count (before the call).
 * SATSYNC_LIMIT, SATSYNC_NO_MEMORY: nothing was added. */
enum satsync_status
extent_table_add(struct extent_table_writer *writer, uint32_t bytes,
                 const uint8_t checksum[EXTENT_CHECKSUM_BYTES]) SATSYNC_MUST_CHECK;

/* The table's bytes, borrowed until extent_table_fini; to be appended at writer->end. NULL: no
 * memory. */
const uint8_t *extent_table_finish(struct extent_table_writer *writer, size_t *bytes);
void extent_table_fini(struct extent_table_writer *writer);

struct extent_table_reader {
    struct bytes_reader in;
    uint64_t count;
    uint64_t next;   /* number of the next extent */
    uint64_t offset; /* of the next extent */
};

/* `data` stays borrowed. The extents must tile [0, table_offset): checked here, in one pass.
 * SATSYNC_CORRUPT, SATSYNC_NEWER_VERSION. */
enum satsync_status extent_table_open(struct extent_table_reader *reader, const uint8_t *data,
                                      size_t bytes, uint64_t table_offset) SATSYNC_MUST_CHECK;

/* False after the last. */
bool extent_table_next(struct extent_table_reader *reader, struct extent *extent);

/* Extent `number` < count, in time linear in it (offsets are sums). */
bool extent_table_get(const struct extent_table_reader *reader, uint64_t number,
                      struct extent *extent);

#endif
