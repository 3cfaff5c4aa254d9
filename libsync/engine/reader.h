/*
 * Reading a committed checkpoint. See <satsync/checkpoint.h> for the contract of the public calls.
 *
 *     owner thread: read sealed extent -> workers: open, decode, put in place
 */
#ifndef ENGINE_READER_H
#define ENGINE_READER_H

#include "codec/codec.h"
#include "codec/seal.h"
#include "engine/store.h"
#include "model/index_part.h"
#include "model/layout.h"

#include <satsync/checkpoint.h>

enum { READER_SLOTS = 32 };

/* A tensor, blob or file; which fields are set depends on the kind. */
struct reader_item {
    char *name;
    enum seal_kind kind;
    uint64_t number;
    struct index_run extent;
    enum index_file_kind file_kind; /* file */
    uint64_t file;                  /* tensor */
    enum dtype dtype;               /* tensor */
    uint32_t rank;                  /* tensor */
    uint64_t *shape;                /* tensor */
};

struct reader_list {
    struct reader_item *at;
    size_t count;
    size_t capacity;
};

/* For a chunk's extents, each of codec_bound(raw_bytes) + SEAL_TAG_BYTES. */
struct reader_buffers {
    uint8_t *own;
    uint8_t *base; /* may be NULL for a chunk without one */
};

struct reader_slot {
    struct task task;
    struct satsync_reader *reader;
    struct reader_buffers buffers;
    uint8_t *raw;
    size_t room; /* of raw; the buffers have codec_bound of it and a tag */
    struct index_chunk chunk;
    struct seal_place place;
    bool rounded;  /* what is wanted is the chunk rounded to bf16 */
    uint64_t skip; /* bytes of that before the wanted ones */
    uint64_t want;
    uint8_t *out;
    bool busy; /* protected by the reader's monitor */
};

struct satsync_reader {
    struct satsync_store *store; /* its own handle */
    struct satsync_engine *engine;
    struct store_manifest manifest;
    struct seal_key *keys;      /* one a pack, in secret memory */
    struct pack_reader **packs; /* opened when first needed */
    struct reader_list files;
    struct reader_list tensors;
    struct reader_list blobs;
    struct index_chunk *chunks;
    uint64_t chunk_count; /* read so far, while the index is read */
    size_t *by_name;      /* tensor numbers in ascending order of names */

    struct monitor *monitor; /* protects all below, and slots[].busy */
    struct reader_slot slots[READER_SLOTS];
    size_t next_slot;
    size_t slot_limit;
    enum satsync_status status;
    struct satsync_error error;
};

/* Reads [offset, offset + bytes) of an item. */
enum satsync_status reader_read(struct satsync_reader *reader, const struct reader_item *item,
                                struct range range, uint8_t *out,
                                struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Reads, opens and decodes all index parts into the lists and checks that they agree. */
enum satsync_status reader_load_index(struct satsync_reader *reader,
                                      struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Reads an extent as it lies on disk. */
enum satsync_status reader_extent(struct satsync_reader *reader, const struct index_extent *extent,
                                  uint8_t *sealed, struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Reads a chunk's extents. */
enum satsync_status reader_chunk_read(struct satsync_reader *reader,
                                      const struct index_chunk *chunk,
                                      const struct reader_buffers *buffers,
                                      struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Any thread: opens what reader_chunk_read read and decodes it into raw[chunk->raw_bytes]. `place`
 * says kind, item and position; the buffers are overwritten. */
enum satsync_status reader_chunk_open(const struct satsync_reader *reader,
                                      const struct index_chunk *chunk,
                                      const struct seal_place *place,
                                      const struct reader_buffers *buffers, uint8_t *raw,
                                      struct satsync_error *error) SATSYNC_MUST_CHECK;

/* The place that an extent was sealed for: the store, step, number and codec are filled in; kind,
 * item, position and raw_bytes are those of the chunk's place. */
struct seal_place reader_place(const struct satsync_reader *reader,
                               const struct index_extent *extent,
                               const struct seal_place *chunk_place);

#endif
