/*
 * model.safetensors.index.json: which file of a sharded set holds which tensor.
 */
#ifndef MODEL_INDEX_H
#define MODEL_INDEX_H

#include "base/memory.h"

#include <satsync/status.h>
#include <stddef.h>
#include <stdint.h>

enum { INDEX_BYTES_MAX = 256 << 20 };

struct index_tensor {
    const char *name;
    uint32_t file; /* index into files */
};

struct index {
    const char **files; /* plain names without folders, ascending, each once */
    size_t file_count;
    struct index_tensor *tensors; /* ascending by name */
    size_t tensor_count;
    struct json_tree *tree; /* owns the strings */
    const struct allocator *allocator;
};

/* Set out->allocator before. On failure nothing is to be freed. SATSYNC_INVALID for anything but an
 * object with a `weight_map` of names; a file name with a folder in it is refused. */
enum satsync_status index_parse(const void *text, size_t bytes, const char *file, struct index *out,
                                struct satsync_error *error) SATSYNC_MUST_CHECK;
void index_fini(struct index *index);

#endif
