#include "engine/tensor_file.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

static int compare_names(const void *a, const void *b) {
    const struct safetensors_tensor *const *left = a;
    const struct safetensors_tensor *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

static enum satsync_status sort(struct tensor_file *tensors, struct satsync_error *error) {
    size_t count = tensors->content.tensor_count;
    tensors->by_name = memory_new(tensors->allocator, count, sizeof *tensors->by_name);
    ENSURE(tensors->by_name, error, SATSYNC_NO_MEMORY, tensors->file.path, "no memory for it");
    for (size_t i = 0; i < count; i++) {
        tensors->by_name[i] = &tensors->content.tensors[i];
    }
    if (count > 0) {
        qsort(tensors->by_name, count, sizeof *tensors->by_name, compare_names);
    }
    return SATSYNC_OK;
}

static enum satsync_status parse(struct tensor_file *tensors, const uint8_t *header, size_t bytes,
                                 uint64_t file_bytes, struct satsync_error *error) {
    const char *path = tensors->file.path;
    struct safetensors content = {.allocator = tensors->allocator};
    TRY(safetensors_parse(header, bytes, path, &content, error));
    tensors->content = content;
    tensors->data_from = SAFETENSORS_LENGTH_BYTES + bytes;
    TRY(safetensors_check_size(&content, bytes, file_bytes, path, error));
    return sort(tensors, error);
}

static enum satsync_status read_header(struct tensor_file *tensors, struct satsync_error *error) {
    struct file *file = &tensors->file;
    uint8_t first[SAFETENSORS_LENGTH_BYTES];
    uint64_t file_bytes;
    size_t bytes;
    enum satsync_status status = file_read(file, 0, first, sizeof first, error);
    ENSURE(status != SATSYNC_INCOMPLETE, error, SATSYNC_INVALID, file->path,
           "it is shorter than a safetensors file can be");
    TRY(status);
    TRY(safetensors_header_bytes(first, file->path, &bytes, error));
    TRY(file->disk->ops->size(file->disk, file->handle, &file_bytes, error));
    ENSURE(bytes <= file_bytes - sizeof first, error, SATSYNC_INVALID, file->path,
           "its header of %zu bytes is cut short: this is no whole safetensors file", bytes);
    uint8_t *header = memory_new(tensors->allocator, 1, bytes);
    ENSURE(header, error, SATSYNC_NO_MEMORY, file->path, "no memory for its header");
    status = file_read(file, sizeof first, header, bytes, error);
    if (status == SATSYNC_OK) {
        status = parse(tensors, header, bytes, file_bytes, error);
    }
    memory_free(tensors->allocator, header);
    return status;
}

enum satsync_status tensor_file_open(struct tensor_file *tensors, struct disk *disk,
                                     const char *path, const struct allocator *allocator,
                                     struct satsync_error *error) {
    *tensors = (struct tensor_file){.allocator = allocator};
    TRY(file_open(disk, path, DISK_READ, &tensors->file, error));
    return read_header(tensors, error);
}

void tensor_file_close(struct tensor_file *tensors) {
    safetensors_fini(&tensors->content);
    memory_free(tensors->allocator, tensors->by_name);
    file_close(&tensors->file);
    *tensors = (struct tensor_file){0};
}

const struct safetensors_tensor *tensor_file_find(const struct tensor_file *tensors,
                                                  const char *name) {
    const struct safetensors_tensor wanted = {.name = name};
    const struct safetensors_tensor *key = &wanted;
    const struct safetensors_tensor *const *found =
        tensors->content.tensor_count == 0
            ? NULL
            : bsearch(&key, tensors->by_name, tensors->content.tensor_count,
                      sizeof *tensors->by_name, compare_names);
    return found ? *found : NULL;
}

enum satsync_status tensor_file_read(struct tensor_file *tensors,
                                     const struct safetensors_tensor *tensor, uint64_t offset,
                                     void *data, size_t bytes, struct satsync_error *error) {
    assert(bytes <= tensor->to - tensor->from && offset <= tensor->to - tensor->from - bytes);
    return file_read(&tensors->file, tensors->data_from + tensor->from + offset, data, bytes,
                     error);
}
