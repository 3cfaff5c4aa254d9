#include "model/index_part.h"

#include "base/check.h"
#include "model/safetensors.h"

#include <string.h>

enum { MAGIC = 0x58495353, HEADER_BYTES = 12, RECORDS_AT = 8, TAG_BYTES = 16 }; /* "SSIX" */

/* How a derived chunk is tagged; to everybody else it is an INDEX_CHUNK. */
enum { DERIVED_TAG = 5, DERIVED_BY_ROUNDING = 1 };

void index_part_begin(struct index_part_writer *writer, uint32_t number, uint8_t *data) {
    *writer = (struct index_part_writer){
        .out = bytes_writer_over(data, INDEX_PART_BYTES_MAX),
        .number = number,
    };
    bytes_put_u32(&writer->out, MAGIC);
    bytes_put_u32(&writer->out, number);
    bytes_put_u32(&writer->out, 0);
}

static bool run_is_sound(const struct index_run *run) {
    return run->bytes <= INT64_MAX / 2 && run->first_chunk <= INT64_MAX / 2 &&
           run->chunk_bytes >= 1 && run->chunk_bytes <= INDEX_CHUNK_BYTES_MAX;
}

static void put_run(struct bytes_writer *out, const struct index_run *run) {
    assert(run_is_sound(run));
    bytes_put_varint(out, run->bytes);
    bytes_put_varint(out, run->first_chunk);
    bytes_put_varint(out, run->chunk_bytes);
}

static bool get_run(struct bytes_reader *in, struct index_run *run) {
    run->bytes = bytes_get_varint(in);
    run->first_chunk = bytes_get_varint(in);
    uint64_t chunk_bytes = bytes_get_varint(in);
    run->chunk_bytes = (uint32_t)chunk_bytes;
    return chunk_bytes <= INDEX_CHUNK_BYTES_MAX && run_is_sound(run);
}

static void put_name(struct bytes_writer *out, const char *name, size_t bytes) {
    assert(bytes >= 1 && bytes <= INDEX_NAME_MAX);
    bytes_put_varint(out, bytes);
    bytes_put(out, name, bytes);
}

static bool get_name(struct bytes_reader *in, const char **name, size_t *bytes) {
    uint64_t length = bytes_get_varint(in);
    if (length < 1 || length > INDEX_NAME_MAX) {
        return false;
    }
    *bytes = (size_t)length;
    *name = (const char *)bytes_get_view(in, *bytes);
    return *name && !memchr(*name, '\0', *bytes);
}

static void put_file(struct bytes_writer *out, const struct index_file *file) {
    put_name(out, file->name, file->name_bytes);
    bytes_put_u8(out, (uint8_t)file->kind);
    put_run(out, &file->header);
}

static bool get_file(struct bytes_reader *in, struct index_file *file) {
    bool named = get_name(in, &file->name, &file->name_bytes);
    file->kind = (enum index_file_kind)bytes_get_u8(in);
    return named && (file->kind == INDEX_FILE_SAFETENSORS || file->kind == INDEX_FILE_OPAQUE) &&
           get_run(in, &file->header);
}

static bool tensor_is_sound(const struct index_tensor_record *tensor) {
    const struct dtype_row *row = dtype_row(tensor->dtype);
    uint64_t bytes;
    return row && tensor->rank <= INDEX_RANK_MAX &&
           safetensors_bytes(tensor->dtype, tensor->shape, tensor->rank, &bytes) &&
           bytes == tensor->data.bytes && tensor->data.chunk_bytes % row->width == 0;
}

static void put_tensor(struct bytes_writer *out, const struct index_tensor_record *tensor) {
    assert(tensor_is_sound(tensor));
    put_name(out, tensor->name, tensor->name_bytes);
    bytes_put_varint(out, tensor->file);
    bytes_put_u8(out, (uint8_t)tensor->dtype);
    bytes_put_u8(out, (uint8_t)tensor->rank);
    for (uint32_t i = 0; i < tensor->rank; i++) {
        bytes_put_u64(out, tensor->shape[i]);
    }
    put_run(out, &tensor->data);
}

static bool get_tensor(struct bytes_reader *in, struct index_tensor_record *tensor) {
    bool named = get_name(in, &tensor->name, &tensor->name_bytes);
    tensor->file = bytes_get_varint(in);
    tensor->dtype = (enum dtype)bytes_get_u8(in);
    tensor->rank = bytes_get_u8(in);
    if (!named || tensor->rank > INDEX_RANK_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < tensor->rank; i++) {
        tensor->shape[i] = bytes_get_u64(in);
    }
    return get_run(in, &tensor->data) && tensor_is_sound(tensor);
}

static void put_blob(struct bytes_writer *out, const struct index_blob *blob) {
    put_name(out, blob->name, blob->name_bytes);
    put_run(out, &blob->data);
}

static bool get_blob(struct bytes_reader *in, struct index_blob *blob) {
    return get_name(in, &blob->name, &blob->name_bytes) && get_run(in, &blob->data);
}

/* A coded chunk is at most one byte longer than its raw bytes. */
static bool extent_is_sound(const struct index_extent *extent, uint32_t raw_bytes) {
    return extent->sealed_bytes > TAG_BYTES && extent->sealed_bytes <= raw_bytes + 1 + TAG_BYTES;
}

static bool chunk_is_sound(const struct index_chunk *chunk) {
    bool sized = chunk->raw_bytes >= 1 && chunk->raw_bytes <= INDEX_CHUNK_BYTES_MAX;
    if (chunk->is_derived) {
        return sized && chunk->raw_bytes % 2 == 0 && chunk->master <= INT64_MAX / 2;
    }
    return sized && extent_is_sound(&chunk->own, chunk->raw_bytes) &&
           (!chunk->has_base || extent_is_sound(&chunk->base, chunk->raw_bytes));
}

static void put_extent(struct bytes_writer *out, const struct index_extent *extent) {
    bytes_put_varint(out, extent->pack);
    bytes_put_varint(out, extent->extent);
    bytes_put_varint(out, extent->offset);
    bytes_put_varint(out, extent->sealed_bytes);
    bytes_put_u8(out, extent->codec);
}

static bool get_extent(struct bytes_reader *in, struct index_extent *extent) {
    uint64_t pack = bytes_get_varint(in);
    extent->extent = bytes_get_varint(in);
    extent->offset = bytes_get_varint(in);
    uint64_t sealed_bytes = bytes_get_varint(in);
    extent->codec = bytes_get_u8(in);
    extent->pack = (uint32_t)pack;
    extent->sealed_bytes = (uint32_t)sealed_bytes;
    return pack <= UINT32_MAX && sealed_bytes <= UINT32_MAX;
}

static void put_derived(struct bytes_writer *out, const struct index_chunk *chunk) {
    bytes_put_varint(out, chunk->raw_bytes);
    bytes_put_u8(out, DERIVED_BY_ROUNDING);
    bytes_put_varint(out, chunk->master);
}

static bool get_derived(struct bytes_reader *in, struct index_chunk *chunk) {
    uint64_t raw_bytes = bytes_get_varint(in);
    uint8_t rule = bytes_get_u8(in);
    *chunk = (struct index_chunk){.raw_bytes = (uint32_t)raw_bytes, .is_derived = true};
    chunk->master = bytes_get_varint(in);
    return raw_bytes <= UINT32_MAX && rule == DERIVED_BY_ROUNDING && chunk_is_sound(chunk);
}

static void put_chunk(struct bytes_writer *out, const struct index_chunk *chunk) {
    bytes_put_varint(out, chunk->raw_bytes);
    put_extent(out, &chunk->own);
    bytes_put_u8(out, chunk->has_base);
    if (chunk->has_base) {
        put_extent(out, &chunk->base);
    }
}

static bool get_chunk(struct bytes_reader *in, struct index_chunk *chunk) {
    uint64_t raw_bytes = bytes_get_varint(in);
    *chunk = (struct index_chunk){.raw_bytes = (uint32_t)raw_bytes};
    bool read = get_extent(in, &chunk->own);
    uint8_t bases = bytes_get_u8(in);
    chunk->has_base = bases == 1;
    return read && bases <= 1 && raw_bytes <= UINT32_MAX &&
           (!chunk->has_base || get_extent(in, &chunk->base)) && chunk_is_sound(chunk);
}

bool index_part_add(struct index_part_writer *writer, const struct index_record *record) {
    struct bytes_writer before = writer->out;
    bool is_derived = record->kind == INDEX_CHUNK && record->chunk.is_derived;
    bytes_put_u8(&writer->out, is_derived ? DERIVED_TAG : (uint8_t)record->kind);
    switch (record->kind) {
    case INDEX_FILE:
        put_file(&writer->out, &record->file);
        break;
    case INDEX_TENSOR:
        put_tensor(&writer->out, &record->tensor);
        break;
    case INDEX_BLOB:
        put_blob(&writer->out, &record->blob);
        break;
    case INDEX_CHUNK:
        assert(chunk_is_sound(&record->chunk));
        (is_derived ? put_derived : put_chunk)(&writer->out, &record->chunk);
        break;
    }
    if (writer->out.failed) {
        writer->out = before;
        return false;
    }
    writer->records++;
    writer->chunks += record->kind == INDEX_CHUNK;
    return true;
}

size_t index_part_finish(struct index_part_writer *writer) {
    store_le32(writer->out.start + RECORDS_AT, writer->records);
    return bytes_written(&writer->out);
}

enum satsync_status index_part_open(struct index_part_reader *reader, uint32_t number,
                                    const uint8_t *data, size_t bytes) {
    *reader = (struct index_part_reader){
        .in = bytes_reader_over(data, bytes),
        .least = INDEX_FILE,
    };
    bool known = bytes_get_u32(&reader->in) == MAGIC && bytes_get_u32(&reader->in) == number;
    reader->records = bytes_get_u32(&reader->in);
    reader->left = reader->records;
    /* Each record has at least its tag. */
    bool sound = known && !reader->in.failed && reader->records <= bytes_left(&reader->in);
    if (!sound) {
        reader->records = reader->left = 0;
        reader->in.failed = true;
    }
    return sound ? SATSYNC_OK : SATSYNC_CORRUPT;
}

static bool get_record(struct bytes_reader *in, struct index_record *record) {
    switch (record->kind) {
    case INDEX_FILE:
        return get_file(in, &record->file);
    case INDEX_TENSOR:
        return get_tensor(in, &record->tensor);
    case INDEX_BLOB:
        return get_blob(in, &record->blob);
    case INDEX_CHUNK:
        return get_chunk(in, &record->chunk);
    default:
        return false;
    }
}

enum satsync_status index_part_next(struct index_part_reader *reader, struct index_record *record) {
    if (reader->left == 0) {
        return bytes_all_read(&reader->in) ? SATSYNC_NOT_FOUND : SATSYNC_CORRUPT;
    }
    uint8_t tag = bytes_get_u8(&reader->in);
    record->kind = tag == DERIVED_TAG ? INDEX_CHUNK : (enum index_kind)tag;
    bool sound = record->kind >= reader->least &&
                 (tag == DERIVED_TAG ? get_derived(&reader->in, &record->chunk)
                                     : get_record(&reader->in, record)) &&
                 !reader->in.failed;
    if (!sound) {
        reader->left = 0;
        reader->in.failed = true;
        return SATSYNC_CORRUPT;
    }
    reader->least = record->kind;
    reader->left--;
    return SATSYNC_OK;
}
