/*
 * The manifests of a store: a file per step, there whole or not at all. The contracts are those of
 * port/chunks.h.
 */
#ifndef STORE_MANIFEST_FILE_H
#define STORE_MANIFEST_FILE_H

#include "ckpt/store/handle.h"

#define MANIFEST_FILE_BYTES_MOST ((uint64_t)1 << 30)

enum satsync_status manifest_file_commit(struct chunks *chunks, uint64_t step, const void *data,
                                         size_t bytes, struct satsync_error *error);
enum satsync_status manifest_file_read(struct chunks *chunks, uint64_t step, uint8_t **data,
                                       size_t *bytes, struct satsync_error *error);
enum satsync_status manifest_file_list(struct chunks *chunks, chunks_step_fn *found, void *context,
                                       struct satsync_error *error);
enum satsync_status manifest_file_remove(struct chunks *chunks, uint64_t step,
                                         struct satsync_error *error);

#endif
