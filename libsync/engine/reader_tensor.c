/* The public calls that read tensors and blobs. */
#include "base/check.h"
#include "engine/reader.h"

#include <string.h>

static const enum dtype dtypes[] = {
    [SATSYNC_BOOL] = DTYPE_BOOL,       [SATSYNC_U8] = DTYPE_U8,
    [SATSYNC_I8] = DTYPE_I8,           [SATSYNC_F8_E5M2] = DTYPE_F8_E5M2,
    [SATSYNC_F8_E4M3] = DTYPE_F8_E4M3, [SATSYNC_I16] = DTYPE_I16,
    [SATSYNC_U16] = DTYPE_U16,         [SATSYNC_F16] = DTYPE_F16,
    [SATSYNC_BF16] = DTYPE_BF16,       [SATSYNC_I32] = DTYPE_I32,
    [SATSYNC_U32] = DTYPE_U32,         [SATSYNC_F32] = DTYPE_F32,
    [SATSYNC_F64] = DTYPE_F64,         [SATSYNC_I64] = DTYPE_I64,
    [SATSYNC_U64] = DTYPE_U64,         [SATSYNC_F8_E8M0] = DTYPE_F8_E8M0,
    [SATSYNC_C64] = DTYPE_C64,
};

enum { DTYPES = sizeof dtypes / sizeof *dtypes };

static const struct dtype_row *row_of(enum satsync_dtype dtype) {
    return (size_t)dtype < DTYPES ? dtype_row(dtypes[dtype]) : NULL;
}

size_t satsync_dtype_bytes(enum satsync_dtype dtype) {
    const struct dtype_row *row = row_of(dtype);
    return row ? row->bytes : 0;
}

const char *satsync_dtype_name(enum satsync_dtype dtype) {
    const struct dtype_row *row = row_of(dtype);
    return row ? row->name : NULL;
}

size_t satsync_reader_tensors(const struct satsync_reader *reader) {
    return reader->tensors.count;
}

void satsync_reader_tensor(const struct satsync_reader *reader, size_t index,
                           struct satsync_tensor *tensor) {
    assert(index < reader->tensors.count);
    const struct reader_item *item = &reader->tensors.at[index];
    *tensor = (struct satsync_tensor){.name = item->name, .dimensions = item->rank};
    for (size_t i = 0; i < DTYPES; i++) {
        if (dtypes[i] == item->dtype) {
            tensor->dtype = (enum satsync_dtype)i;
        }
    }
    for (uint32_t i = 0; i < item->rank && i < SATSYNC_MAX_DIMENSIONS; i++) {
        tensor->shape[i] = item->shape[i];
    }
}

enum satsync_status satsync_reader_find(const struct satsync_reader *reader, const char *name,
                                        size_t *index, struct satsync_error *error) {
    size_t low = 0;
    size_t high = reader->tensors.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(reader->tensors.at[reader->by_name[middle]].name, name);
        if (order == 0) {
            *index = reader->by_name[middle];
            return SATSYNC_OK;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return error_set(error, SATSYNC_NOT_FOUND, name,
                     "the checkpoint has no tensor of this name; `show` lists them");
}

static enum satsync_status check_index(const struct satsync_reader *reader, size_t index,
                                       struct satsync_error *error) {
    ENSURE(index < reader->tensors.count, error, SATSYNC_INVALID, "tensor",
           "number %zu is beyond the last, %zu", index, reader->tensors.count);
    return SATSYNC_OK;
}

enum satsync_status satsync_reader_read(struct satsync_reader *reader, size_t index,
                                        uint64_t offset, void *data, size_t bytes,
                                        struct satsync_error *error) {
    engine_check_process(reader->engine);
    TRY(check_index(reader, index, error));
    const struct reader_item *item = &reader->tensors.at[index];
    uint64_t end;
    ENSURE(!__builtin_add_overflow(offset, bytes, &end) && end <= item->extent.bytes, error,
           SATSYNC_INVALID, item->name, "it has %llu bytes; the range ends beyond them",
           (unsigned long long)item->extent.bytes);
    return reader_read(reader, item, (struct range){offset, end}, data, error);
}

/* Runs shorter than this are cut out of a whole chunk that is kept, so that a box of many short
 * runs decodes each chunk once: runs come in ascending order. */
enum { LONG_RUN_BYTES = 1 << 20 };

struct chunk_cache {
    uint8_t *data;
    struct range range; /* of the item, empty at first */
};

static enum satsync_status read_cached(struct satsync_reader *reader,
                                       const struct reader_item *item, struct range run,
                                       struct chunk_cache *cache, uint8_t *out,
                                       struct satsync_error *error) {
    const struct layout layout = {item->extent.bytes, item->extent.chunk_bytes};
    if (!cache->data) {
        cache->data = memory_new(reader->engine->allocator, 1, layout.chunk_bytes);
        ENSURE(cache->data, error, SATSYNC_NO_MEMORY, "restore", "no memory for a chunk");
    }
    while (run.from < run.to) {
        if (run.from < cache->range.from || run.from >= cache->range.to) {
            struct range chunk = layout_overlap(&layout, run.from, run.from + 1);
            cache->range = layout_chunk(&layout, chunk.from);
            TRY(reader_read(reader, item, cache->range, cache->data, error));
        }
        uint64_t to = run.to < cache->range.to ? run.to : cache->range.to;
        memcpy(out, cache->data + (run.from - cache->range.from), to - run.from);
        out += to - run.from;
        run.from = to;
    }
    return SATSYNC_OK;
}

struct box {
    const struct reader_item *item;
    const uint64_t *from;
    const uint64_t *to;
    uint32_t inner; /* dimensions from here on are taken whole or as one run */
    uint64_t run_bytes;
};

/* A box is read as runs of consecutive bytes: the last dimensions that are whole, and the one
 * before them. */
static struct box box_of(const struct reader_item *item, const uint64_t *from, const uint64_t *to) {
    struct box box = {item, from, to, item->rank, dtype_row(item->dtype)->bytes};
    while (box.inner > 0) {
        box.inner--;
        uint32_t d = box.inner;
        box.run_bytes *= to[d] - from[d];
        if (from[d] != 0 || to[d] != item->shape[d]) {
            break;
        }
    }
    return box;
}

static uint64_t box_offset(const struct box *box, const uint64_t *at) {
    uint64_t elements = 0;
    for (uint32_t d = 0; d < box->item->rank; d++) {
        uint64_t position = d < box->inner ? at[d] : box->from[d];
        elements = elements * box->item->shape[d] + position;
    }
    return elements * dtype_row(box->item->dtype)->bytes;
}

/* Moves `at` to the next run; false after the last. */
static bool box_next(const struct box *box, uint64_t *at) {
    for (uint32_t d = box->inner; d > 0; d--) {
        if (++at[d - 1] < box->to[d - 1]) {
            return true;
        }
        at[d - 1] = box->from[d - 1];
    }
    return false;
}

enum satsync_status satsync_reader_read_box(struct satsync_reader *reader, size_t index,
                                            const uint64_t *from, const uint64_t *to, void *data,
                                            struct satsync_error *error) {
    engine_check_process(reader->engine);
    TRY(check_index(reader, index, error));
    const struct reader_item *item = &reader->tensors.at[index];
    uint64_t at[INDEX_RANK_MAX] = {0};
    bool empty = false;
    for (uint32_t d = 0; d < item->rank; d++) {
        ENSURE(from[d] <= to[d] && to[d] <= item->shape[d], error, SATSYNC_INVALID, item->name,
               "dimension %u: %llu:%llu is outside 0:%llu", d, (unsigned long long)from[d],
               (unsigned long long)to[d], (unsigned long long)item->shape[d]);
        at[d] = from[d];
        empty |= from[d] == to[d];
    }
    if (empty) {
        return SATSYNC_OK;
    }
    const struct box box = box_of(item, from, to);
    struct chunk_cache cache = {0};
    enum satsync_status status = SATSYNC_OK;
    uint8_t *out = data;
    do {
        uint64_t offset = box_offset(&box, at);
        struct range run = {offset, offset + box.run_bytes};
        status = box.run_bytes >= LONG_RUN_BYTES
                     ? reader_read(reader, item, run, out, error)
                     : read_cached(reader, item, run, &cache, out, error);
        out += box.run_bytes;
    } while (status == SATSYNC_OK && box_next(&box, at));
    memory_free(reader->engine->allocator, cache.data);
    return status;
}

enum satsync_status satsync_reader_blob(struct satsync_reader *reader, const char *name, void *data,
                                        size_t capacity, size_t *bytes,
                                        struct satsync_error *error) {
    engine_check_process(reader->engine);
    for (size_t i = 0; i < reader->blobs.count; i++) {
        const struct reader_item *item = &reader->blobs.at[i];
        if (strcmp(item->name, name) == 0) {
            *bytes = (size_t)item->extent.bytes;
            ENSURE(*bytes <= capacity, error, SATSYNC_LIMIT, name,
                   "the blob has %zu bytes, more than the room given", *bytes);
            return reader_read(reader, item, (struct range){0, *bytes}, data, error);
        }
    }
    return error_set(error, SATSYNC_NOT_FOUND, name, "the checkpoint has no blob of this name");
}
