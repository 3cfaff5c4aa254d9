/*
 * The save pipeline: chunks are copied into slots, coded and sealed by workers, and appended to the
 * pack in order. See <satsync/checkpoint.h> for the contract of the public calls.
 *
 *     owner thread                workers                       whichever worker finished
 *     slot: fill raw -- submit -> code, seal, checksum -- done -> append all that is next in order
 *
 * A slot's sequence number is its extent's number in the pack, and so its nonce: two slots never
 * share one, because the sequence only rises and each save has its own pack and key. A chunk that
 * the base or a master has leaves its number unused.
 */
#ifndef ENGINE_SAVE_H
#define ENGINE_SAVE_H

#include "codec/codec.h"
#include "codec/seal.h"
#include "engine/operation.h"
#include "engine/store.h"
#include "model/extent_table.h"
#include "model/index_part.h"
#include "model/layout.h"

#include <satsync/checkpoint.h>

struct save_base;
struct masters;
struct master;
struct reader_item;

/* What a chunk is part of. */
struct save_item {
    enum seal_kind kind;
    uint64_t number;             /* of the tensor, blob or file */
    const struct dtype_row *row; /* NULL: bytes */
    uint8_t width;
    bool floating;
    struct layout layout;
    uint64_t first_chunk;
    const struct reader_item *base; /* its like in the save's base; NULL: none */
};

struct save_slot {
    struct task task;
    struct satsync_save *save;
    struct staging staging; /* empty until the slot is first used */
    struct save_item item;
    struct master *master; /* see masters.h; NULL: none */
    uint64_t position;
    size_t raw_bytes;
    uint64_t sequence;
    size_t sealed_bytes;
    struct index_chunk chunk; /* what the index will say of it */
    bool referred;            /* the base or a master has it: nothing to append */
    bool done;                /* protected by the save's monitor */
};

/* Names, shapes and places: what the index is made of. Strings are owned. */
struct save_file {
    char *name;
    enum index_file_kind kind;
    struct index_run header;
};

struct save_tensor {
    char *name;
    uint64_t file;
    enum dtype dtype;
    uint32_t rank;
    uint64_t *shape;
    struct index_run data;
};

struct save_blob {
    char *name;
    struct index_run data;
};

/* A growing array of one kind of record. */
struct save_list {
    void *at;
    size_t count;
    size_t capacity;
};

/* A pack that is being written: extent N of the save goes into pack N modulo their count. */
struct save_pack {
    struct pack_id id;
    struct pack_writer *writer;
    struct extent_table_writer table;
};

struct satsync_save {
    struct satsync_store *store; /* borrowed until commit, which takes its own */
    struct satsync_engine *engine;
    uint64_t step;
    enum codec codec;
    enum satsync_derive derive;
    uint32_t chunk_bytes;
    struct save_pack *packs;
    unsigned pack_count;
    unsigned parity_count;   /* of packs that are made of those, at commit */
    struct seal_key *keys;   /* one a pack, in secret memory */
    struct save_base *base;  /* NULL: none */
    struct masters *masters; /* NULL: nothing is derived */

    struct save_list files;   /* of struct save_file */
    struct save_list tensors; /* of struct save_tensor */
    struct save_list blobs;   /* of struct save_blob */
    struct save_list chunks;  /* of struct index_chunk; protected by the monitor */
    uint64_t raw_bytes;

    struct monitor *monitor; /* protects all below */
    struct save_slot *slots;
    size_t slot_count;
    uint64_t submitted;         /* slots given to workers so far: the next sequence */
    uint64_t appended;          /* extents in the pack so far */
    uint64_t appended_bytes;    /* raw bytes of those */
    bool appending;             /* one worker at a time owns the packs and their tables */
    enum satsync_status status; /* first failure; later slots are dropped */
    struct satsync_error error;

    uint64_t sealed_total;
    struct satsync_operation *operation; /* after commit; for progress */
};

/* A slot whose raw buffer the caller fills; blocks while all are in use. The failure of an earlier
 * chunk is reported here. */
enum satsync_status save_take_slot(struct satsync_save *save, struct save_slot **slot,
                                   struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Gives the slot, with item, position and raw_bytes set, to the workers. */
void save_submit(struct satsync_save *save, struct save_slot *slot);

/* Waits until everything submitted is in the pack. */
enum satsync_status save_drain(struct satsync_save *save,
                               struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Seals `coded` in place (it has room for the tag) and appends it, on the calling thread; only
 * after save_drain. *extent is where it lies. */
enum satsync_status save_append(struct satsync_save *save, const struct seal_place *place,
                                uint8_t *coded, size_t coded_bytes, struct index_extent *extent,
                                struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Begins an item of `bytes`; its chunks must follow in order before the next item begins. */
struct save_item save_item_begin(struct satsync_save *save, enum seal_kind kind, uint64_t number,
                                 uint64_t bytes, const struct dtype_row *row);
struct index_run save_item_extent(const struct save_item *item);

/* Copies memory chunk by chunk. */
enum satsync_status save_item_copy(struct satsync_save *save, const struct save_item *item,
                                   const void *data,
                                   struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Appends a zeroed element and returns it; NULL: no memory. */
void *save_list_add(struct satsync_save *save, struct save_list *list, size_t element_bytes);

/* Records; names are copied. */
enum satsync_status save_add_tensor(struct satsync_save *save, const struct save_tensor *tensor,
                                    struct satsync_error *error) SATSYNC_MUST_CHECK;
enum satsync_status save_add_file(struct satsync_save *save, const struct save_file *file,
                                  struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Index, table, manifest: everything after the last chunk. The save must be drained. */
enum satsync_status save_commit(struct satsync_save *save,
                                struct satsync_error *error) SATSYNC_MUST_CHECK;

void save_free(struct satsync_save *save);

#endif
