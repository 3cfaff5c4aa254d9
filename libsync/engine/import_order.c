#include "engine/import_order.h"

#include "model/safetensors.h"

#include <string.h>

/* In JSON the type's name stands in quotes. A tensor of that name only costs needless care. */
static bool names(const uint8_t *header, size_t bytes, const char *type) {
    return memmem(header, bytes, type, strlen(type)) != NULL;
}

struct import_types import_types_of(struct file *file, const struct allocator *allocator) {
    struct import_types types = {false, false};
    uint8_t first[SAFETENSORS_LENGTH_BYTES];
    uint64_t file_bytes;
    size_t bytes;
    if (file->disk->ops->size(file->disk, file->handle, &file_bytes, NULL) != SATSYNC_OK ||
        file_read(file, 0, first, sizeof first, NULL) != SATSYNC_OK ||
        safetensors_header_bytes(first, file->path, &bytes, NULL) != SATSYNC_OK ||
        bytes > file_bytes) {
        return types;
    }
    uint8_t *header = memory_new(allocator, 1, bytes);
    if (header && file_read(file, sizeof first, header, bytes, NULL) == SATSYNC_OK) {
        types.fp32 = names(header, bytes, "\"F32\"");
        types.bf16 = names(header, bytes, "\"BF16\"");
    }
    memory_free(allocator, header);
    return types;
}

void import_order(char **files, struct import_types *types, size_t count) {
    size_t placed = 0;
    for (size_t i = 0; i < count; i++) {
        if (!types[i].fp32) {
            continue;
        }
        char *file = files[i];
        struct import_types type = types[i];
        memmove(files + placed + 1, files + placed, (i - placed) * sizeof *files);
        memmove(types + placed + 1, types + placed, (i - placed) * sizeof *types);
        files[placed] = file;
        types[placed++] = type;
    }
}
