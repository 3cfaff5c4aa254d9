#include "engine/file_set.h"

#include "base/check.h"

#include <stdio.h>
#include <string.h>

bool file_set_is_index(const char *path) {
    static const char ending[] = ".index.json";
    size_t length = strlen(path);
    return length >= sizeof ending - 1 && strcmp(path + length - (sizeof ending - 1), ending) == 0;
}

enum satsync_status file_set_read(struct file *file, const struct allocator *allocator,
                                  struct index *index, struct satsync_error *error) {
    uint64_t bytes;
    *index = (struct index){.allocator = allocator};
    TRY(file->disk->ops->size(file->disk, file->handle, &bytes, error));
    ENSURE(bytes <= INDEX_BYTES_MAX, error, SATSYNC_LIMIT, file->path, "it is too large an index");
    uint8_t *text = memory_new(allocator, 1, (size_t)bytes);
    ENSURE(text, error, SATSYNC_NO_MEMORY, file->path, "no memory for it");
    enum satsync_status status = file_read(file, 0, text, (size_t)bytes, error);
    if (status == SATSYNC_OK) {
        status = index_parse(text, (size_t)bytes, file->path, index, error);
    }
    memory_free(allocator, text);
    return status;
}

enum satsync_status file_set_member(const char *index_path, const char *name,
                                    char out[FILE_SET_PATH_BYTES], struct satsync_error *error) {
    const char *slash = strrchr(index_path, '/');
    int folder = slash ? (int)(slash + 1 - index_path) : 0;
    int length = snprintf(out, FILE_SET_PATH_BYTES, "%.*s%s", folder, index_path, name);
    ENSURE(length < FILE_SET_PATH_BYTES, error, SATSYNC_INVALID, index_path,
           "a path of its set is too long");
    ENSURE(!file_set_is_index(out), error, SATSYNC_INVALID, index_path, "it names another index");
    return SATSYNC_OK;
}
