/*
 * Checkpoints: saving and reading tensors and blobs.
 *
 * Save: begin, put every tensor and blob, commit. `put` copies into staging and returns: that copy
 * is the only time training stalls (longer when the staging budget is full and the disk slower).
 * Coding, sealing and writing go on in the background, also beside the next training steps.
 */
#ifndef SATSYNC_CHECKPOINT_H
#define SATSYNC_CHECKPOINT_H

#include <satsync/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/* As in the safetensors format. */
enum satsync_dtype {
    SATSYNC_BOOL,
    SATSYNC_U8,
    SATSYNC_I8,
    SATSYNC_F8_E5M2,
    SATSYNC_F8_E4M3,
    SATSYNC_I16,
    SATSYNC_U16,
    SATSYNC_F16,
    SATSYNC_BF16,
    SATSYNC_I32,
    SATSYNC_U32,
    SATSYNC_F32,
    SATSYNC_F64,
    SATSYNC_I64,
    SATSYNC_U64,
    SATSYNC_F8_E8M0, /* later additions stand behind, so that no value moves */
    SATSYNC_C64
};

enum { SATSYNC_MAX_DIMENSIONS = 16 };

/* A view of the caller's memory: row-major, contiguous, little-endian. */
struct satsync_tensor {
    const char *name;
    enum satsync_dtype dtype;
    uint32_t dimensions;
    uint64_t shape[SATSYNC_MAX_DIMENSIONS];
    const void *data; /* of product(shape) * element size bytes; may be NULL when that is 0 */
};

enum satsync_codec {
    SATSYNC_CODEC_AUTO,   /* chosen chunk by chunk from a sample */
    SATSYNC_CODEC_STORED, /* no compression */
    SATSYNC_CODEC_FAST,   /* bf16 and fp32 exponents in 4 bits, at the speed of memory */
    SATSYNC_CODEC_HUFF,   /* byte planes, exponents entropy-coded: smaller */
    SATSYNC_CODEC_ZSTD
};

/* What a checkpoint may be a difference from: an older one of the same store. Chunks that did not
 * change cost nothing but their place in the index; others are stored as differences where that is
 * smaller. The base may be removed later: what is referred to stays. Reading takes at most two
 * reads a chunk, however long the line of bases. */
enum satsync_base {
    SATSYNC_BASE_NONE,
    SATSYNC_BASE_AUTO, /* the newest before `step`, if any can be used */
    SATSYNC_BASE_STEP  /* base_step; an error when it cannot be used */
};

/* A bf16 tensor that is its fp32 master rounded to nearest even (ties to even) need not be stored:
 * it is made again, to the same bits, when read. Its master must be put before it; every element is
 * compared, chunk by chunk, and a chunk that differs anywhere is stored. Costs rounding and a
 * checksum of all fp32 tensors, about 0.1 s of a worker's time a GiB. */
enum satsync_derive {
    SATSYNC_DERIVE_AUTO, /* of files: when there are both types; of tensors that are put: none */
    SATSYNC_DERIVE_NONE,
    SATSYNC_DERIVE_BF16
};

enum { SATSYNC_PACKS_MAX = 32 }; /* data_packs + parity_packs */

struct satsync_save_options {
    size_t size;
    uint64_t step;
    enum satsync_codec codec;
    uint32_t chunk_bytes; /* 0: 1 MiB */
    enum satsync_base base;
    uint64_t base_step; /* for SATSYNC_BASE_STEP */
    enum satsync_derive derive;
    /* Both or none: the checkpoint is spread over data_packs packs, and parity_packs more are made
     * of them, which takes reading it twice: a disk that did not keep what was written is found
     * before commit (SATSYNC_IO). Whichever parity_packs of them all are lost or damaged,
     * satsync_store_repair makes them again. Each data pack takes 4 MiB of memory beside the
     * budget. */
    uint32_t data_packs;
    uint32_t parity_packs;
    /* Raw bytes that will be put, 0: not known (of files it is). When the disk has no room for
     * them, judged by what the last checkpoint took of each raw byte, begin says SATSYNC_NO_SPACE
     * before anything is written. */
    uint64_t expected_bytes;
};

static inline void satsync_save_options_init(struct satsync_save_options *options) {
    memset(options, 0, sizeof *options);
    options->size = sizeof *options;
}

struct satsync_save;

/* Owner thread: that of the store handle, for all calls up to commit or abandon. SATSYNC_CONFLICT
 * when the step exists; whether with the same content only commit can tell. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_save_begin(struct satsync_store *store, const struct satsync_save_options *options,
                   struct satsync_save **save, struct satsync_error *error);

/* The caller may overwrite the tensor's memory as soon as this returns. After a failure the save
 * can only be abandoned. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_save_put(struct satsync_save *save, const struct satsync_tensor *tensor,
                 struct satsync_error *error);

/* Named opaque bytes: random state, data-loader position, a runtime's own JSON. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_save_put_blob(struct satsync_save *save, const char *name, const void *data, size_t bytes,
                      struct satsync_error *error);

/* Returns at once; the operation finishes when the checkpoint is durable. Frees `save` in any case;
 * on failure *operation is NULL. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_save_commit(struct satsync_save *save, struct satsync_operation **operation,
                    struct satsync_error *error);

/* Drops everything; nothing of it will be listed. NULL is fine. */
SATSYNC_API void satsync_save_abandon(struct satsync_save *save);

struct satsync_reader;

/* Opens a committed checkpoint for reading; needs the store's key to be one of its recipients. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_reader_open(struct satsync_store *store, uint64_t step, struct satsync_reader **reader,
                    struct satsync_error *error);
SATSYNC_API void satsync_reader_close(struct satsync_reader *reader);

SATSYNC_API size_t satsync_reader_tensors(const struct satsync_reader *reader);

/* The index-th tensor in the order they were put; `data` is NULL, the name borrowed until close. */
SATSYNC_API void satsync_reader_tensor(const struct satsync_reader *reader, size_t index,
                                       struct satsync_tensor *tensor);

/* What a tensor costs, and what it does not: raw bytes are as the trainer had them, the others as
 * they lie in packs. */
struct satsync_tensor_cost {
    uint64_t raw_bytes;
    uint64_t stored_bytes;    /* in this checkpoint's own packs */
    uint64_t referred_bytes;  /* in older checkpoints' packs: what did not change, and bases */
    uint64_t unchanged_bytes; /* raw, of chunks that an older checkpoint has */
    uint64_t delta_bytes;     /* raw, of chunks that were stored as differences */
    uint64_t derived_bytes;   /* raw, of chunks that are made again from another tensor */
    char codecs[48];          /* of what was stored, such as "huff stored"; "" when nothing was */
};

/* Pure: as the index has it; nothing is read. */
SATSYNC_API void satsync_reader_cost(const struct satsync_reader *reader, size_t index,
                                     struct satsync_tensor_cost *cost);

/* Index of a tensor by name; SATSYNC_NOT_FOUND. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_reader_find(const struct satsync_reader *reader, const char *name, size_t *index,
                    struct satsync_error *error);

/* Reads bytes [offset, offset + bytes) of a tensor, authenticated and decoded. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_reader_read(struct satsync_reader *reader, size_t index, uint64_t offset, void *data,
                    size_t bytes, struct satsync_error *error);

/* Reads the box from[d] <= i[d] < to[d] of a tensor, packed row-major. The arrays have one entry a
 * dimension. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_reader_read_box(struct satsync_reader *reader, size_t index, const uint64_t *from,
                        const uint64_t *to, void *data, struct satsync_error *error);

/* *bytes is the blob's size, also when `capacity` is too small to copy it (SATSYNC_LIMIT). */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_reader_blob(struct satsync_reader *reader, const char *name, void *data, size_t capacity,
                    size_t *bytes, struct satsync_error *error);

/* Bytes of one element; 0 for a value that is not listed. Pure. */
SATSYNC_API size_t satsync_dtype_bytes(enum satsync_dtype dtype);

/* "F32", as in safetensors; NULL for a value that is not listed. Pure. */
SATSYNC_API const char *satsync_dtype_name(enum satsync_dtype dtype);

/* Saves safetensors files, byte for byte restorable; `files` may name a *.index.json, which stands
 * for the set it lists. Memory stays within the engine's budget. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_save_files(struct satsync_store *store, const struct satsync_save_options *options,
                   const char *const *files, size_t count, struct satsync_operation **operation,
                   struct satsync_error *error);

struct satsync_restore_options {
    size_t size;
    uint64_t step;
    const char *output; /* a file; or with a trailing '/' or an existing directory, a directory */
    /* NAME or NAME[a:b,c:d], in which `*` stands for any characters and `?` for one; none: all
     * tensors. With some, `output` is a file of just these. */
    const char *const *tensors;
    size_t tensor_count;
};

static inline void satsync_restore_options_init(struct satsync_restore_options *options) {
    memset(options, 0, sizeof *options);
    options->size = sizeof *options;
}

/* Writes safetensors: to a directory the files that were saved, byte for byte; to a file all
 * tensors (the saved file itself when there was one). An output that exists is replaced on success
 * only. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_restore_files(struct satsync_store *store, const struct satsync_restore_options *options,
                      struct satsync_operation **operation, struct satsync_error *error);

#ifdef __cplusplus
}
#endif
#endif
