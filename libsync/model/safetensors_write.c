/* The writing half of safetensors.h. */
#include "base/bytes.h"
#include "base/check.h"
#include "base/json.h"
#include "model/safetensors.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int compare_tensors(const void *a, const void *b) {
    const struct safetensors_tensor *left = a;
    const struct safetensors_tensor *right = b;
    if (left->dtype != right->dtype) {
        return left->dtype > right->dtype ? -1 : 1;
    }
    return strcmp(left->name, right->name);
}

static int compare_keys(const void *a, const void *b) {
    return strcmp(((const struct safetensors_entry *)a)->key,
                  ((const struct safetensors_entry *)b)->key);
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum satsync_status check_utf8(const char *text, struct satsync_error *error) {
    ENSURE(json_is_utf8(text), error, SATSYNC_INVALID, text,
           "names and metadata of safetensors are UTF-8, and this is not");
    return SATSYNC_OK;
}

static enum satsync_status check_texts(const struct safetensors_content *content,
                                       struct satsync_error *error) {
    for (size_t i = 0; i < content->tensor_count; i++) {
        TRY(check_utf8(content->tensors[i].name, error));
    }
    for (size_t i = 0; i < content->metadata_count; i++) {
        TRY(check_utf8(content->metadata[i].key, error));
        TRY(check_utf8(content->metadata[i].value, error));
    }
    return SATSYNC_OK;
}

/* Names equal across dtypes are not neighbours in the file's order, so they are sorted apart. */
static enum satsync_status check_names(const struct allocator *allocator,
                                       const struct safetensors_content *content,
                                       struct satsync_error *error) {
    size_t count = content->tensor_count;
    const char **names = memory_new(allocator, count, sizeof *names);
    ENSURE(names, error, SATSYNC_NO_MEMORY, NULL, "no memory for a header of %zu tensors", count);
    for (size_t i = 0; i < count; i++) {
        names[i] = content->tensors[i].name;
    }
    qsort(names, count, sizeof *names, compare_names);
    enum satsync_status status = SATSYNC_OK;
    for (size_t i = 0; i < count && status == SATSYNC_OK; i++) {
        if (i && strcmp(names[i - 1], names[i]) == 0) {
            status = error_set(error, SATSYNC_INVALID, names[i], "two tensors have this name");
        } else if (strcmp(names[i], "__metadata__") == 0) {
            status = error_set(error, SATSYNC_INVALID, names[i], "no tensor may have this name");
        }
    }
    memory_free(allocator, names);
    return status;
}

static enum satsync_status place_tensors(struct safetensors_content *content,
                                         struct satsync_error *error) {
    uint64_t at = 0;
    for (size_t i = 0; i < content->tensor_count; i++) {
        struct safetensors_tensor *tensor = &content->tensors[i];
        uint64_t bytes = 0;
        assert(dtype_row(tensor->dtype));
        ENSURE(tensor->rank <= SAFETENSORS_RANK_MAX, error, SATSYNC_LIMIT, tensor->name,
               "it has %" PRIu32 " dimensions, more than the %d that are handled", tensor->rank,
               SAFETENSORS_RANK_MAX);
        ENSURE(safetensors_bytes(tensor->dtype, tensor->shape, tensor->rank, &bytes) &&
                   bytes <= (uint64_t)INT64_MAX - at,
               error, SATSYNC_INVALID, tensor->name, "its shape has more than 2^63 bytes");
        tensor->from = at;
        tensor->to = at += bytes;
    }
    return SATSYNC_OK;
}

static void write_json(struct json *json, const struct safetensors_content *content) {
    json_put_object(json);
    if (content->metadata_count) {
        json_put_key(json, "__metadata__");
        json_put_object(json);
        for (size_t i = 0; i < content->metadata_count; i++) {
            json_put_key(json, content->metadata[i].key);
            json_put_string(json, content->metadata[i].value);
        }
        json_end_object(json);
    }
    for (size_t i = 0; i < content->tensor_count; i++) {
        const struct safetensors_tensor *tensor = &content->tensors[i];
        json_put_key(json, tensor->name);
        json_put_object(json);
        json_member_string(json, "dtype", dtype_row(tensor->dtype)->name);
        json_put_key(json, "shape");
        json_put_array(json);
        for (uint32_t d = 0; d < tensor->rank; d++) {
            json_put_u64(json, tensor->shape[d]);
        }
        json_end_array(json);
        json_put_key(json, "data_offsets");
        json_put_array(json);
        json_put_u64(json, tensor->from);
        json_put_u64(json, tensor->to);
        json_end_array(json);
        json_end_object(json);
    }
    json_end_object(json);
}

enum satsync_status safetensors_write(const struct allocator *allocator,
                                      struct safetensors_content *content, uint8_t **header,
                                      size_t *header_bytes, struct satsync_error *error) {
    *header = NULL;
    TRY(check_texts(content, error));
    TRY(check_names(allocator, content, error));
    if (content->tensor_count) {
        qsort(content->tensors, content->tensor_count, sizeof *content->tensors, compare_tensors);
    }
    if (content->metadata_count) {
        qsort(content->metadata, content->metadata_count, sizeof *content->metadata, compare_keys);
    }
    for (size_t i = 1; i < content->metadata_count; i++) {
        ENSURE(strcmp(content->metadata[i - 1].key, content->metadata[i].key) != 0, error,
               SATSYNC_INVALID, content->metadata[i].key, "two metadata entries have this key");
    }
    TRY(place_tensors(content, error));
    struct json json;
    json_init(&json, allocator);
    write_json(&json, content);
    const char *text = json_finish(&json);
    size_t length = (json.bytes + 7) / 8 * 8;
    enum satsync_status status = SATSYNC_OK;
    if (text && length > SAFETENSORS_HEADER_MAX) {
        status = error_set(error, SATSYNC_LIMIT, NULL,
                           "the header takes %zu bytes, more than the %d of safetensors; use fewer "
                           "tensors a file",
                           length, SAFETENSORS_HEADER_MAX);
    } else {
        *header = text ? memory_new(allocator, 1, SAFETENSORS_LENGTH_BYTES + length) : NULL;
    }
    if (*header) {
        store_le64(*header, length);
        memset(*header + SAFETENSORS_LENGTH_BYTES, ' ', length);
        memcpy(*header + SAFETENSORS_LENGTH_BYTES, text, json.bytes);
        *header_bytes = SAFETENSORS_LENGTH_BYTES + length;
    } else if (status == SATSYNC_OK) {
        status = error_set(error, SATSYNC_NO_MEMORY, NULL, "no memory for the header");
    }
    json_fini(&json);
    return status;
}
