/* Byte 0 chooses: 0 a root, 1 an index part, 2 an extent table. What decodes must encode again to
 * what it came from, as far as there is one form only. */
#include "model/extent_table.h"
#include "model/index_part.h"
#include "model/manifest.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void root(const uint8_t *data, size_t bytes) {
    struct manifest manifest = {.allocator = NULL};
    struct manifest peeked = {.allocator = NULL};
    if (manifest_decode(data, bytes, "step", &manifest, NULL) != SATSYNC_OK) {
        return;
    }
    enum satsync_status status = manifest_peek(data, bytes, "step", &peeked, NULL);
    assert(status == SATSYNC_OK && peeked.step == manifest.step);
    size_t again_bytes = manifest_bytes(&manifest);
    uint8_t *again = malloc(again_bytes);
    status = manifest_encode(&manifest, again, again_bytes, NULL);
    assert(status == SATSYNC_OK && again_bytes <= bytes);
    /* All but a newer minor's extension and the signature. */
    if (again_bytes == bytes && manifest.version_minor == MANIFEST_VERSION_MINOR) {
        assert(memcmp(again, data, manifest_signed_bytes(bytes)) == 0);
    }
    free(again);
    manifest_fini(&manifest);
}

static void part(const uint8_t *data, size_t bytes) {
    static uint8_t again[INDEX_PART_BYTES_MAX];
    struct index_part_reader reader;
    struct index_part_writer writer;
    struct index_record record;
    if (index_part_open(&reader, 0, data, bytes) != SATSYNC_OK) {
        return;
    }
    index_part_begin(&writer, 0, again);
    enum satsync_status status;
    while ((status = index_part_next(&reader, &record)) == SATSYNC_OK) {
        bool added = index_part_add(&writer, &record);
        assert(added);
    }
    assert(status == SATSYNC_CORRUPT || status == SATSYNC_NOT_FOUND);
    /* Numbers may have been written longer than they need be. */
    assert(index_part_finish(&writer) <= bytes);
}

static void table(const uint8_t *data, size_t bytes) {
    struct extent_table_reader reader;
    struct extent_table_writer writer;
    struct extent extent;
    size_t again_bytes;
    if (bytes < 8 ||
        extent_table_open(&reader, data + 8, bytes - 8, load_le64(data)) != SATSYNC_OK) {
        return;
    }
    extent_table_init(&writer, NULL);
    while (extent_table_next(&reader, &extent)) {
        assert(extent.offset == writer.end);
        enum satsync_status status = extent_table_add(&writer, extent.bytes, extent.checksum);
        assert(status == SATSYNC_OK);
    }
    const uint8_t *again = extent_table_finish(&writer, &again_bytes);
    assert(again_bytes == bytes - 8 && memcmp(again, data + 8, again_bytes) == 0);
    extent_table_fini(&writer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    if (bytes < 1 || bytes > INDEX_PART_BYTES_MAX) {
        return 0;
    }
    switch (data[0]) {
    case 0:
        root(data + 1, bytes - 1);
        break;
    case 1:
        part(data + 1, bytes - 1);
        break;
    default:
        table(data + 1, bytes - 1);
        break;
    }
    return 0;
}
