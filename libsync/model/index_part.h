/*
 * Index parts: what a checkpoint contains, as records in pieces of bounded size, each sealed as one
 * extent (docs/format.md, "Index part"). All parts in order are one list of records:
 *
 *   file* tensor* blob* chunk*
 *
 * Files, tensors and blobs are numbered from 0 in the order they stand; so are chunks. The chunks
 * of an item are consecutive from its first_chunk: ceil(bytes / chunk_bytes) of them. A writer
 * fills one part at a time and a reader walks one part at a time; both need no memory of their own.
 */
#ifndef MODEL_INDEX_PART_H
#define MODEL_INDEX_PART_H

#include "base/bytes.h"
#include "model/dtype.h"

enum {
    INDEX_PART_BYTES_MAX = 1 << 20,
    INDEX_NAME_MAX = 65535, /* of a file, tensor or blob; at least 1 byte */
    INDEX_RANK_MAX = 64,
    INDEX_CHUNK_BYTES_MAX = 16 << 20
};

enum index_kind { INDEX_FILE = 1, INDEX_TENSOR = 2, INDEX_BLOB = 3, INDEX_CHUNK = 4 };

enum index_file_kind {
    INDEX_FILE_SAFETENSORS = 1, /* header (length and JSON, verbatim; none: canonical), tensors */
    INDEX_FILE_OPAQUE = 2       /* the "header" is the whole file, such as the set's index.json */
};

/* A run of bytes that was cut into chunks. */
struct index_run {
    uint64_t bytes;
    uint64_t first_chunk;
    uint32_t chunk_bytes; /* as in struct layout */
};

struct index_file {
    const char *name; /* a view, not terminated */
    size_t name_bytes;
    enum index_file_kind kind;
    struct index_run header;
};

/* Tensors of one file stand in the order of their bytes in it. */
struct index_tensor_record {
    const char *name;
    size_t name_bytes;
    uint64_t file;
    enum dtype dtype;
    uint32_t rank;
    uint64_t shape[INDEX_RANK_MAX];
    struct index_run data;
};

struct index_blob {
    const char *name;
    size_t name_bytes;
    struct index_run data;
};

/* Where an extent lies. */
struct index_extent {
    uint32_t pack;         /* index into the root's packs */
    uint64_t extent;       /* number in the pack; the nonce */
    uint64_t offset;       /* in the pack */
    uint32_t sealed_bytes; /* with the tag */
    uint8_t codec;
};

struct index_chunk {
    uint32_t raw_bytes;
    bool is_derived; /* bf16, made again by rounding fp32: no extents of its own */
    uint64_t master; /* then the number of the fp32 tensor of as many elements */
    struct index_extent own;
    bool has_base;            /* `own` is a difference from `base`, which has none itself */
    struct index_extent base; /* of the same item, position and raw_bytes */
};

struct index_record {
    enum index_kind kind;
    union {
        struct index_file file;
        struct index_tensor_record tensor;
        struct index_blob blob;
        struct index_chunk chunk;
    };
};

struct index_part_writer {
    struct bytes_writer out;
    uint32_t number;
    uint32_t records;
    uint32_t chunks;
};

/* Part `number` (from 0) into `data`, of INDEX_PART_BYTES_MAX bytes. */
void index_part_begin(struct index_part_writer *writer, uint32_t number, uint8_t *data);

/* False when the part is full: finish it, begin the next, add again. The limits above are asserted:
 * check names, ranks and sizes where they enter. */
bool index_part_add(struct index_part_writer *writer,
                    const struct index_record *record) SATSYNC_MUST_CHECK;

/* Size of the part. */
size_t index_part_finish(struct index_part_writer *writer);

struct index_part_reader {
    struct bytes_reader in;
    uint32_t number;
    uint32_t records;      /* of the whole part */
    uint32_t left;         /* not read yet */
    enum index_kind least; /* no record of a smaller kind may follow */
};

/* `data` stays borrowed. SATSYNC_CORRUPT: no part, or another number. */
enum satsync_status index_part_open(struct index_part_reader *reader, uint32_t number,
                                    const uint8_t *data, size_t bytes) SATSYNC_MUST_CHECK;

/* Next record: SATSYNC_OK; SATSYNC_NOT_FOUND after the last when all bytes were read;
 * SATSYNC_CORRUPT. Names are views into the part. Relations between records (file < files,
 * chunks) are the caller's to check: it knows the totals. */
enum satsync_status index_part_next(struct index_part_reader *reader,
                                    struct index_record *record) SATSYNC_MUST_CHECK;

#endif
