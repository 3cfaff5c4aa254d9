/*
 * The safetensors format: 8 bytes length (little-endian), a JSON header of that length, then the
 * tensors' bytes (github.com/huggingface/safetensors, README "Format"). As strict as the reference
 * implementation: the tensors tile the data without hole or overlap; what else a tensor's entry may
 * hold is ignored. Stricter in four: a name twice, a zero byte in a name, JSON that does not begin
 * with '{', and a __metadata__ of null are refused.
 */
#ifndef MODEL_SAFETENSORS_H
#define MODEL_SAFETENSORS_H

#include "base/memory.h"
#include "model/dtype.h"

enum {
    SAFETENSORS_LENGTH_BYTES = 8,
    SAFETENSORS_HEADER_MAX = 100000000, /* as the reference implementation's */
    SAFETENSORS_RANK_MAX = 64
};

struct safetensors_tensor {
    const char *name; /* UTF-8, without zero bytes */
    enum dtype dtype;
    uint32_t rank;
    const uint64_t *shape; /* [rank]; NULL for a scalar */
    uint64_t from;         /* byte range in the data, which begins after the header */
    uint64_t to;
};

struct safetensors_entry {
    const char *key;
    const char *value;
};

struct safetensors {
    struct safetensors_tensor *tensors; /* in the order of their bytes */
    size_t tensor_count;
    struct safetensors_entry *metadata; /* in ascending order of keys */
    size_t metadata_count;
    uint64_t data_bytes;
    struct json_tree *tree; /* owns the strings */
    uint64_t *dimensions;   /* owns the shapes */
    const struct allocator *allocator;
};

/* Length of the JSON header, from a file's first 8 bytes. `file` is for messages. */
enum satsync_status safetensors_header_bytes(const uint8_t first[SAFETENSORS_LENGTH_BYTES],
                                             const char *file, size_t *header_bytes,
                                             struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Parses the JSON header (without the 8 bytes). Set out->allocator before. On failure nothing is to
 * be freed. SATSYNC_INVALID for what breaks the format, SATSYNC_UNSUPPORTED for types narrower than
 * a byte. */
enum satsync_status safetensors_parse(const void *header, size_t header_bytes, const char *file,
                                      struct safetensors *out,
                                      struct satsync_error *error) SATSYNC_MUST_CHECK;
void safetensors_fini(struct safetensors *safetensors);

/* The file must be exactly 8 + header + data long: SATSYNC_INVALID, saying what it is instead. */
enum satsync_status safetensors_check_size(const struct safetensors *safetensors,
                                           size_t header_bytes, uint64_t file_bytes,
                                           const char *file,
                                           struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Bytes of `rank` dimensions of `dtype`: false when that passes 2^63 - 1. */
bool safetensors_bytes(enum dtype dtype, const uint64_t *shape, uint32_t rank, uint64_t *bytes);

struct safetensors_content {
    struct safetensors_tensor *tensors; /* sorted and given from and to by the call */
    size_t tensor_count;
    struct safetensors_entry *metadata; /* sorted by the call */
    size_t metadata_count;
};

/* The header exactly as the reference serializer writes it: tensors by descending dtype, then by
 * name; compact JSON; filled with spaces to a multiple of 8. Sets *header, for memory_free, to the
 * 8 length bytes and the JSON. A name twice, not UTF-8, "__metadata__", or a shape too large:
 * SATSYNC_INVALID. */
enum satsync_status safetensors_write(const struct allocator *allocator,
                                      struct safetensors_content *content, uint8_t **header,
                                      size_t *header_bytes,
                                      struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
