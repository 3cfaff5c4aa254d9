#include "model/safetensors.h"

#include "base/bytes.h"
#include "base/check.h"
#include "model/json_tree.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char metadata_name[] = "__metadata__";

enum satsync_status safetensors_header_bytes(const uint8_t first[SAFETENSORS_LENGTH_BYTES],
                                             const char *file, size_t *header_bytes,
                                             struct satsync_error *error) {
    uint64_t length = load_le64(first);
    ENSURE(length >= 2 && length <= SAFETENSORS_HEADER_MAX, error, SATSYNC_INVALID, file,
           "it is no safetensors file: its first 8 bytes give a header of %" PRIu64
           " bytes, and a header has 2 to %d",
           length, SAFETENSORS_HEADER_MAX);
    *header_bytes = (size_t)length;
    return SATSYNC_OK;
}

bool safetensors_bytes(enum dtype dtype, const uint64_t *shape, uint32_t rank, uint64_t *bytes) {
    uint64_t total = dtype_row(dtype)->bytes;
    for (uint32_t i = 0; i < rank; i++) {
        if (__builtin_mul_overflow(total, shape[i], &total) || total > INT64_MAX) {
            return false;
        }
    }
    *bytes = total;
    return true;
}

static enum satsync_status parse_metadata(const struct json_tree *value, const char *file,
                                          struct safetensors *out, struct satsync_error *error) {
    void *cursor = NULL;
    const char *key;
    const struct json_tree *text;
    ENSURE(json_tree_is_object(value), error, SATSYNC_INVALID, file,
           "its __metadata__ is no object of texts");
    out->metadata = memory_new(out->allocator, json_tree_members(value), sizeof *out->metadata);
    ENSURE(out->metadata, error, SATSYNC_NO_MEMORY, file, "no memory for its header");
    while (json_tree_next(value, &cursor, &key, &text)) {
        struct safetensors_entry entry = {key, json_tree_text(text)};
        ENSURE(entry.value, error, SATSYNC_INVALID, file,
               "its __metadata__ entry \"%.100s\" is no text", key);
        out->metadata[out->metadata_count++] = entry;
    }
    return SATSYNC_OK;
}

static enum satsync_status parse_shape(const struct json_tree *value, const char *name,
                                       struct safetensors_tensor *tensor, uint64_t **room,
                                       struct satsync_error *error) {
    size_t rank = json_tree_length(value);
    ENSURE(json_tree_is_array(value), error, SATSYNC_INVALID, name, "it has no shape");
    ENSURE(rank <= SAFETENSORS_RANK_MAX, error, SATSYNC_LIMIT, name,
           "it has %zu dimensions, more than the %d that are handled", rank, SAFETENSORS_RANK_MAX);
    tensor->rank = (uint32_t)rank;
    tensor->shape = rank ? *room : NULL;
    for (size_t i = 0; i < rank; i++) {
        ENSURE(json_tree_u64(json_tree_at(value, i), *room), error, SATSYNC_INVALID, name,
               "dimension %zu of its shape is no whole number", i);
        (*room)++;
    }
    return SATSYNC_OK;
}

static enum satsync_status parse_tensor(const char *name, const struct json_tree *value,
                                        struct safetensors_tensor *tensor, uint64_t **room,
                                        struct satsync_error *error) {
    const char *dtype = json_tree_text(json_tree_member(value, "dtype"));
    const struct json_tree *offsets = json_tree_member(value, "data_offsets");
    ENSURE(dtype, error, SATSYNC_INVALID, name,
           "a tensor in a safetensors header has dtype, shape and data_offsets; this has no dtype");
    tensor->name = name;
    TRY(dtype_parse(dtype, name, &tensor->dtype, error));
    TRY(parse_shape(json_tree_member(value, "shape"), name, tensor, room, error));
    ENSURE(json_tree_length(offsets) == 2 &&
               json_tree_u64(json_tree_at(offsets, 0), &tensor->from) &&
               json_tree_u64(json_tree_at(offsets, 1), &tensor->to) && tensor->from <= tensor->to,
           error, SATSYNC_INVALID, name, "its data_offsets are no pair of ascending numbers");
    uint64_t bytes;
    ENSURE(safetensors_bytes(tensor->dtype, tensor->shape, tensor->rank, &bytes), error,
           SATSYNC_INVALID, name, "its shape has more than 2^63 bytes");
    ENSURE(bytes == tensor->to - tensor->from, error, SATSYNC_INVALID, name,
           "its shape takes %" PRIu64 " bytes but its data_offsets span %" PRIu64, bytes,
           tensor->to - tensor->from);
    return SATSYNC_OK;
}

/* Dimensions of all tensors together, so that they can be held in one piece. */
static size_t count_dimensions(const struct json_tree *root) {
    void *cursor = NULL;
    const char *name;
    const struct json_tree *value;
    size_t count = 0;
    while (json_tree_next(root, &cursor, &name, &value)) {
        count += json_tree_length(json_tree_member(value, "shape"));
    }
    return count;
}

static enum satsync_status parse_members(const char *file, struct safetensors *out,
                                         struct satsync_error *error) {
    void *cursor = NULL;
    const char *name;
    const struct json_tree *value;
    size_t members = json_tree_members(out->tree);
    ENSURE(json_tree_is_object(out->tree), error, SATSYNC_INVALID, file,
           "its header is no JSON object");
    out->tensors = memory_new(out->allocator, members, sizeof *out->tensors);
    out->dimensions =
        memory_new(out->allocator, count_dimensions(out->tree), sizeof *out->dimensions);
    ENSURE(out->tensors && out->dimensions, error, SATSYNC_NO_MEMORY, file,
           "no memory for its header of %zu tensors", members);
    uint64_t *room = out->dimensions;
    while (json_tree_next(out->tree, &cursor, &name, &value)) {
        if (strcmp(name, metadata_name) == 0) {
            TRY(parse_metadata(value, file, out, error));
        } else {
            TRY(parse_tensor(name, value, &out->tensors[out->tensor_count], &room, error));
            out->tensor_count++;
        }
    }
    return SATSYNC_OK;
}

/* By place; empty tensors come before the one that begins where they stand, then by name, so that
 * the order is one only. */
static int compare_places(const void *a, const void *b) {
    const struct safetensors_tensor *left = a;
    const struct safetensors_tensor *right = b;
    if (left->from != right->from) {
        return left->from < right->from ? -1 : 1;
    }
    if (left->to != right->to) {
        return left->to < right->to ? -1 : 1;
    }
    return strcmp(left->name, right->name);
}

static int compare_keys(const void *a, const void *b) {
    return strcmp(((const struct safetensors_entry *)a)->key,
                  ((const struct safetensors_entry *)b)->key);
}

static enum satsync_status check_tiling(struct safetensors *out, struct satsync_error *error) {
    for (size_t i = 0; i < out->tensor_count; i++) {
        const struct safetensors_tensor *tensor = &out->tensors[i];
        ENSURE(tensor->from == out->data_bytes, error, SATSYNC_INVALID, tensor->name,
               "its bytes begin at %" PRIu64 " of the data, where those before it end at %" PRIu64
               "; safetensors has no %s",
               tensor->from, out->data_bytes,
               tensor->from > out->data_bytes ? "holes" : "overlaps");
        out->data_bytes = tensor->to;
    }
    return SATSYNC_OK;
}

enum satsync_status safetensors_parse(const void *header, size_t header_bytes, const char *file,
                                      struct safetensors *out, struct satsync_error *error) {
    const struct allocator *allocator = out->allocator;
    *out = (struct safetensors){.allocator = allocator};
    ENSURE(header_bytes && *(const char *)header == '{', error, SATSYNC_INVALID, file,
           "its header does not begin with '{'; it is no safetensors file");
    TRY(json_tree_parse(header, header_bytes, file, &out->tree, error));
    enum satsync_status status = parse_members(file, out, error);
    if (status == SATSYNC_OK) {
        qsort(out->tensors, out->tensor_count, sizeof *out->tensors, compare_places);
        if (out->metadata_count) {
            qsort(out->metadata, out->metadata_count, sizeof *out->metadata, compare_keys);
        }
        status = check_tiling(out, error);
    }
    if (status != SATSYNC_OK) {
        safetensors_fini(out);
    }
    return status;
}

void safetensors_fini(struct safetensors *safetensors) {
    json_tree_free(safetensors->tree);
    memory_free(safetensors->allocator, safetensors->tensors);
    memory_free(safetensors->allocator, safetensors->metadata);
    memory_free(safetensors->allocator, safetensors->dimensions);
    *safetensors = (struct safetensors){.allocator = safetensors->allocator};
}

enum satsync_status safetensors_check_size(const struct safetensors *safetensors,
                                           size_t header_bytes, uint64_t file_bytes,
                                           const char *file, struct satsync_error *error) {
    uint64_t before = SAFETENSORS_LENGTH_BYTES + (uint64_t)header_bytes;
    ENSURE(file_bytes >= before && file_bytes - before == safetensors->data_bytes, error,
           SATSYNC_INVALID, file,
           "it has %" PRIu64 " bytes where its header speaks of %" PRIu64
           "; it was cut short or is not finished",
           file_bytes, before + safetensors->data_bytes);
    return SATSYNC_OK;
}
