/* Loading a checkpoint's index: authentic, but checked like any input all the same. */
#include "base/check.h"
#include "engine/reader.h"
#include "engine/scratch.h"
#include "model/safetensors.h"

#include <stdlib.h>
#include <string.h>

static enum satsync_status damaged(const struct satsync_reader *reader,
                                   struct satsync_error *error) {
    char subject[32];
    store_step_text(reader->manifest.root.step, subject);
    return error_set(error, SATSYNC_CORRUPT, subject,
                     "its index is damaged; fetch the checkpoint from another site");
}

/* Reads part `number` into text[raw_bytes]; `sealed` has room for it coded and sealed. */
static enum satsync_status read_part(struct satsync_reader *reader, uint32_t number,
                                     uint8_t *sealed, uint8_t *text, struct satsync_error *error) {
    const struct manifest_part *part = &reader->manifest.root.parts[number];
    const struct index_extent extent = {.pack = part->pack,
                                        .extent = part->extent,
                                        .offset = part->offset,
                                        .sealed_bytes = part->sealed_bytes,
                                        .codec = part->codec};
    const struct seal_place part_place = {
        .kind = SEAL_INDEX, .item = number, .raw_bytes = part->raw_bytes};
    if (part->raw_bytes > INDEX_PART_BYTES_MAX ||
        part->sealed_bytes > codec_bound(INDEX_PART_BYTES_MAX) + SEAL_TAG_BYTES ||
        part->sealed_bytes < SEAL_TAG_BYTES) {
        return damaged(reader, error);
    }
    TRY(reader_extent(reader, &extent, sealed, error));
    const struct seal_place place = reader_place(reader, &extent, &part_place);
    if (seal_open(&reader->keys[part->pack], &place, sealed, part->sealed_bytes, sealed) !=
        SATSYNC_OK) {
        return damaged(reader, error);
    }
    struct codec_scratch *scratch = scratch_take(reader->engine, INDEX_PART_BYTES_MAX);
    ENSURE(scratch, error, SATSYNC_NO_MEMORY, "restore", "no memory for the index");
    enum satsync_status status =
        codec_decode(scratch, sealed, part->sealed_bytes - SEAL_TAG_BYTES, text, part->raw_bytes);
    scratch_give(reader->engine, scratch, INDEX_PART_BYTES_MAX);
    return status == SATSYNC_OK ? SATSYNC_OK : damaged(reader, error);
}

static struct reader_item *add_item(struct satsync_reader *reader, struct reader_list *list,
                                    const char *name, size_t name_bytes) {
    const struct allocator *allocator = reader->engine->allocator;
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 64;
        struct reader_item *larger = memory_grow(allocator, list->at, list->count * sizeof *larger,
                                                 capacity * sizeof *larger);
        if (!larger) {
            return NULL;
        }
        list->at = larger;
        list->capacity = capacity;
    }
    struct reader_item *item = &list->at[list->count];
    *item = (struct reader_item){.number = list->count};
    item->name = memory_new(allocator, 1, name_bytes + 1);
    if (!item->name) {
        return NULL;
    }
    memcpy(item->name, name, name_bytes);
    list->count++;
    return item;
}

static enum satsync_status add_tensor(struct satsync_reader *reader,
                                      const struct index_tensor_record *record) {
    struct reader_item *item = add_item(reader, &reader->tensors, record->name, record->name_bytes);
    if (!item) {
        return SATSYNC_NO_MEMORY;
    }
    item->kind = SEAL_TENSOR;
    item->extent = record->data;
    item->file = record->file;
    item->dtype = record->dtype;
    item->rank = record->rank;
    item->shape = memory_new(reader->engine->allocator, record->rank, sizeof *item->shape);
    if (!item->shape) {
        return SATSYNC_NO_MEMORY;
    }
    memcpy(item->shape, record->shape, record->rank * sizeof *item->shape);
    uint64_t bytes;
    bool good = record->file < reader->files.count &&
                safetensors_bytes(item->dtype, item->shape, item->rank, &bytes) &&
                bytes == item->extent.bytes;
    return good ? SATSYNC_OK : SATSYNC_CORRUPT;
}

static bool extent_is_sound(const struct satsync_reader *reader, const struct index_extent *extent,
                            uint32_t raw_bytes) {
    const struct manifest *root = &reader->manifest.root;
    return extent->pack < root->pack_count &&
           root->packs[extent->pack].algorithm != MANIFEST_PARITY_ALGORITHM &&
           extent->sealed_bytes > SEAL_TAG_BYTES &&
           extent->sealed_bytes <= codec_bound(raw_bytes) + SEAL_TAG_BYTES;
}

static bool chunk_is_sound(const struct satsync_reader *reader, const struct index_chunk *chunk) {
    if (chunk->is_derived) {
        return reader->manifest.root.version_major >= 2;
    }
    return extent_is_sound(reader, &chunk->own, chunk->raw_bytes) &&
           (!chunk->has_base || extent_is_sound(reader, &chunk->base, chunk->raw_bytes));
}

static enum satsync_status add_chunk(struct satsync_reader *reader,
                                     const struct index_chunk *chunk) {
    if (reader->chunk_count == reader->manifest.root.chunk_count ||
        chunk->raw_bytes > CODEC_CHUNK_BYTES_MAX || !chunk_is_sound(reader, chunk)) {
        return SATSYNC_CORRUPT;
    }
    reader->chunks[reader->chunk_count++] = *chunk;
    return SATSYNC_OK;
}

static enum satsync_status add_record(struct satsync_reader *reader,
                                      const struct index_record *record) {
    struct reader_item *item;
    switch (record->kind) {
    case INDEX_FILE:
        item = add_item(reader, &reader->files, record->file.name, record->file.name_bytes);
        if (item) {
            item->kind = SEAL_FILE_HEADER;
            item->file_kind = record->file.kind;
            item->extent = record->file.header;
        }
        return item ? SATSYNC_OK : SATSYNC_NO_MEMORY;
    case INDEX_TENSOR:
        return add_tensor(reader, &record->tensor);
    case INDEX_BLOB:
        item = add_item(reader, &reader->blobs, record->blob.name, record->blob.name_bytes);
        if (item) {
            item->kind = SEAL_BLOB;
            item->extent = record->blob.data;
        }
        return item ? SATSYNC_OK : SATSYNC_NO_MEMORY;
    case INDEX_CHUNK:
        return add_chunk(reader, &record->chunk);
    }
    return SATSYNC_CORRUPT;
}

/* Only bf16 is derived, from an fp32 tensor of as many elements, which therefore is not. */
static bool derivation_agrees(const struct satsync_reader *reader, const struct reader_item *item,
                              const struct index_chunk *chunk) {
    if (!chunk->is_derived) {
        return true;
    }
    if (item->kind != SEAL_TENSOR || chunk->master >= reader->tensors.count) {
        return false;
    }
    const struct reader_item *master = &reader->tensors.at[chunk->master];
    return item->dtype == DTYPE_BF16 && master->dtype == DTYPE_F32 &&
           master->extent.bytes / 2 == item->extent.bytes;
}

/* Every item's chunks must be there and of the sizes that its layout says. */
static bool list_agrees(const struct satsync_reader *reader, const struct reader_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        const struct index_run *extent = &list->at[i].extent;
        if (extent->bytes == 0) {
            continue;
        }
        if (extent->chunk_bytes == 0) {
            return false;
        }
        const struct layout layout = {extent->bytes, extent->chunk_bytes};
        uint64_t count = layout_count(&layout);
        if (extent->first_chunk > reader->chunk_count ||
            count > reader->chunk_count - extent->first_chunk) {
            return false;
        }
        for (uint64_t k = 0; k < count; k++) {
            struct range range = layout_chunk(&layout, k);
            const struct index_chunk *chunk = &reader->chunks[extent->first_chunk + k];
            if (chunk->raw_bytes != range.to - range.from ||
                !derivation_agrees(reader, &list->at[i], chunk)) {
                return false;
            }
        }
    }
    return true;
}

static int compare_names(const void *a, const void *b, void *context) {
    const struct reader_item *items = context;
    return strcmp(items[*(const size_t *)a].name, items[*(const size_t *)b].name);
}

static enum satsync_status sort_names(struct satsync_reader *reader) {
    size_t count = reader->tensors.count;
    reader->by_name = memory_new(reader->engine->allocator, count, sizeof *reader->by_name);
    if (!reader->by_name) {
        return SATSYNC_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        reader->by_name[i] = i;
    }
    qsort_r(reader->by_name, count, sizeof *reader->by_name, compare_names, reader->tensors.at);
    return SATSYNC_OK;
}

static enum satsync_status load_part(struct satsync_reader *reader, uint32_t number,
                                     uint8_t *sealed, uint8_t *text, struct satsync_error *error) {
    TRY(read_part(reader, number, sealed, text, error));
    const struct manifest_part *part = &reader->manifest.root.parts[number];
    struct index_part_reader records;
    if (index_part_open(&records, number, text, part->raw_bytes) != SATSYNC_OK) {
        return damaged(reader, error);
    }
    enum satsync_status status;
    struct index_record record;
    while ((status = index_part_next(&records, &record)) == SATSYNC_OK) {
        status = add_record(reader, &record);
        ENSURE(status != SATSYNC_NO_MEMORY, error, status, "restore", "no memory for the index");
        if (status != SATSYNC_OK) {
            break;
        }
    }
    return status == SATSYNC_NOT_FOUND ? SATSYNC_OK : damaged(reader, error);
}

enum satsync_status reader_load_index(struct satsync_reader *reader, struct satsync_error *error) {
    const struct allocator *allocator = reader->engine->allocator;
    const struct manifest *root = &reader->manifest.root;
    uint8_t *text = memory_new(allocator, 1, INDEX_PART_BYTES_MAX);
    uint8_t *sealed = memory_new(allocator, 1, codec_bound(INDEX_PART_BYTES_MAX) + SEAL_TAG_BYTES);
    enum satsync_status status =
        text && sealed ? SATSYNC_OK
                       : error_set(error, SATSYNC_NO_MEMORY, "restore", "no memory for the index");
    for (size_t i = 0; i < root->part_count && status == SATSYNC_OK; i++) {
        status = load_part(reader, (uint32_t)i, sealed, text, error);
    }
    memory_free(allocator, text);
    memory_free(allocator, sealed);
    TRY(status);
    bool agrees = reader->chunk_count == root->chunk_count &&
                  reader->tensors.count == root->tensor_count &&
                  list_agrees(reader, &reader->files) && list_agrees(reader, &reader->tensors) &&
                  list_agrees(reader, &reader->blobs);
    if (!agrees) {
        return damaged(reader, error);
    }
    ENSURE(sort_names(reader) == SATSYNC_OK, error, SATSYNC_NO_MEMORY, "restore",
           "no memory for the index");
    return SATSYNC_OK;
}
