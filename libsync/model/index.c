#include "model/index.h"

#include "base/check.h"
#include "model/json_tree.h"

#include <stdlib.h>
#include <string.h>

static int compare_tensors(const void *a, const void *b) {
    return strcmp(((const struct index_tensor *)a)->name, ((const struct index_tensor *)b)->name);
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_plain_name(const char *name) {
    return *name && !strchr(name, '/') && !strchr(name, '\\') && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0;
}

/* Fills the lists; each tensor's file goes into out->files, once per tensor for now. */
static enum satsync_status collect(const struct json_tree *map, const char *file, struct index *out,
                                   struct satsync_error *error) {
    void *cursor = NULL;
    const char *name;
    const struct json_tree *value;
    while (json_tree_next(map, &cursor, &name, &value)) {
        const char *target = json_tree_text(value);
        ENSURE(target && is_plain_name(target), error, SATSYNC_INVALID, file,
               "the weight_map entry of \"%.100s\" is not the name of a file beside the index",
               name);
        out->files[out->tensor_count] = target;
        out->tensors[out->tensor_count++].name = name;
    }
    return SATSYNC_OK;
}

static void number_files(struct index *out, const struct json_tree *map) {
    qsort(out->files, out->tensor_count, sizeof *out->files, compare_names);
    qsort(out->tensors, out->tensor_count, sizeof *out->tensors, compare_tensors);
    for (size_t i = 0; i < out->tensor_count; i++) {
        if (i == 0 || strcmp(out->files[out->file_count - 1], out->files[i]) != 0) {
            out->files[out->file_count++] = out->files[i];
        }
    }
    for (size_t i = 0; i < out->tensor_count; i++) {
        const char *target = json_tree_text(json_tree_member(map, out->tensors[i].name));
        const char **found =
            bsearch(&target, out->files, out->file_count, sizeof *out->files, compare_names);
        assert(found);
        out->tensors[i].file = (uint32_t)(found - out->files);
    }
}

enum satsync_status index_parse(const void *text, size_t bytes, const char *file, struct index *out,
                                struct satsync_error *error) {
    const struct allocator *allocator = out->allocator;
    *out = (struct index){.allocator = allocator};
    ENSURE(bytes <= INDEX_BYTES_MAX, error, SATSYNC_LIMIT, file,
           "an index of %zu bytes is more than the %d that are read", bytes, INDEX_BYTES_MAX);
    TRY(json_tree_parse(text, bytes, file, &out->tree, error));
    const struct json_tree *map = json_tree_member(out->tree, "weight_map");
    enum satsync_status status = SATSYNC_OK;
    if (!json_tree_is_object(map)) {
        status = error_set(error, SATSYNC_INVALID, file,
                           "it has no object \"weight_map\"; is it a safetensors index?");
    }
    if (status == SATSYNC_OK) {
        size_t count = json_tree_members(map);
        out->files = memory_new(allocator, count, sizeof *out->files);
        out->tensors = memory_new(allocator, count, sizeof *out->tensors);
        status = out->files && out->tensors
                     ? collect(map, file, out, error)
                     : error_set(error, SATSYNC_NO_MEMORY, file, "no memory for its index");
    }
    if (status != SATSYNC_OK) {
        index_fini(out);
        return status;
    }
    number_files(out, map);
    return SATSYNC_OK;
}

void index_fini(struct index *index) {
    json_tree_free(index->tree);
    memory_free(index->allocator, index->files);
    memory_free(index->allocator, index->tensors);
    *index = (struct index){.allocator = index->allocator};
}
