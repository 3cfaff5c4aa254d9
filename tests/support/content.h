/*
 * A small checkpoint with known content: every type, a scalar, an empty tensor, a larger one of
 * several chunks, blobs. A function of its seed.
 */
#ifndef SUPPORT_CONTENT_H
#define SUPPORT_CONTENT_H

#include <satsync/checkpoint.h>
#include <stdbool.h>

enum { CONTENT_TENSORS = 20, CONTENT_BLOBS = 2 };

struct content {
    struct satsync_tensor tensors[CONTENT_TENSORS];
    char names[CONTENT_TENSORS][32];
    uint8_t *data[CONTENT_TENSORS]; /* also when empty */
    size_t bytes[CONTENT_TENSORS];
    uint8_t *blobs[CONTENT_BLOBS]; /* the last one is empty */
    size_t blob_bytes[CONTENT_BLOBS];
};

/* `large_bytes` of fp32 in the largest tensor, a multiple of 64. */
void content_init(struct content *content, uint64_t seed, size_t large_bytes);
void content_fini(struct content *content);

/* Puts everything; the save is the caller's to commit or abandon. */
enum satsync_status content_put(const struct content *content, struct satsync_save *save,
                                struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Begin with the options, put, commit, and wait. */
enum satsync_status content_save_with(const struct content *content, struct satsync_store *store,
                                      const struct satsync_save_options *options,
                                      struct satsync_error *error) SATSYNC_MUST_CHECK;

/* The same with `step` and `chunk_bytes` as in the save options. */
enum satsync_status content_save(const struct content *content, struct satsync_store *store,
                                 uint64_t step, uint32_t chunk_bytes,
                                 struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Reads all of the checkpoint; *wrong: something was given out that is not the content. */
enum satsync_status content_check(const struct content *content, struct satsync_store *store,
                                  uint64_t step, bool *wrong,
                                  struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
