/*
 * A safetensors file open for reading, its tensors found by name.
 */
#ifndef ENGINE_TENSOR_FILE_H
#define ENGINE_TENSOR_FILE_H

#include "engine/file.h"
#include "model/safetensors.h"

struct tensor_file {
    struct file file;
    struct safetensors content;
    uint64_t data_from; /* where the tensors' bytes begin */
    const struct safetensors_tensor **by_name;
    const struct allocator *allocator;
};

/* `path` and `allocator` are borrowed until close, which is also fine after a failure. */
enum satsync_status tensor_file_open(struct tensor_file *tensors, struct disk *disk,
                                     const char *path, const struct allocator *allocator,
                                     struct satsync_error *error) SATSYNC_MUST_CHECK;
void tensor_file_close(struct tensor_file *tensors);

/* NULL: there is none of this name. */
const struct safetensors_tensor *tensor_file_find(const struct tensor_file *tensors,
                                                  const char *name);

/* Reads bytes [offset, offset + bytes) of a tensor, which has them. */
enum satsync_status tensor_file_read(struct tensor_file *tensors,
                                     const struct safetensors_tensor *tensor, uint64_t offset,
                                     void *data, size_t bytes,
                                     struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
