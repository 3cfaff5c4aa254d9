/*
 * Byte 0 chooses: a safetensors header, which when it is sound is written canonically and must then
 * parse to the same tensors; or an index.json.
 */
#include "model/index.h"
#include "model/safetensors.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void rewrite(struct safetensors *file) {
    struct safetensors_content content = {file->tensors, file->tensor_count, file->metadata,
                                          file->metadata_count};
    struct safetensors again = {.allocator = NULL};
    uint8_t *header = NULL;
    size_t header_bytes;
    enum satsync_status status = safetensors_write(NULL, &content, &header, &header_bytes, NULL);
    assert(status == SATSYNC_OK);
    size_t json_bytes;
    status = safetensors_header_bytes(header, "f", &json_bytes, NULL);
    assert(status == SATSYNC_OK && json_bytes + SAFETENSORS_LENGTH_BYTES == header_bytes);
    status = safetensors_parse(header + SAFETENSORS_LENGTH_BYTES, json_bytes, "f", &again, NULL);
    assert(status == SATSYNC_OK && again.tensor_count == file->tensor_count);
    assert(again.metadata_count == file->metadata_count && again.data_bytes == file->data_bytes);
    safetensors_fini(&again);
    memory_free(NULL, header);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    struct safetensors file = {.allocator = NULL};
    struct index index = {.allocator = NULL};
    if (bytes < 1) {
        return 0;
    }
    if (data[0] & 1) {
        if (safetensors_parse(data + 1, bytes - 1, "f", &file, NULL) == SATSYNC_OK) {
            rewrite(&file);
            safetensors_fini(&file);
        }
    } else if (index_parse(data + 1, bytes - 1, "f", &index, NULL) == SATSYNC_OK) {
        for (size_t i = 0; i < index.tensor_count; i++) {
            assert(index.tensors[i].file < index.file_count);
        }
        index_fini(&index);
    }
    return 0;
}
