#include "model/manifest.h"

#include "base/bytes.h"
#include "base/check.h"
#include "model/index_part.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t magic[8] = {'S', 'S', 'Y', 'N', 'C', 'M', 'A', 'N'};

enum {
    VERSION_BYTES = 8 + 2 + 2,
    FIXED_BYTES = VERSION_BYTES + 16 + 3 * 8 + 32 + 4 * 8 + 3 * 4,
    PACK_BYTES = 16 + 4 * 8 + 32 + 1,
    PART_BYTES = 4 + 8 + 8 + 4 + 4 + 1 + 8 + 4 + 8 + 4,
    EXTENSION_LENGTH_BYTES = 4,
    ARRAYS_COUNT_BYTES = 4,
    ARRAY_BYTES = 4 + 1 + 1,
    ARRAYS_SINCE = 3,    /* the major version */
    PADDING_MAX = 65535, /* zeros behind a pack's table */
    TAG_BYTES = 16
};

static size_t bytes_of_lists(size_t recipients, size_t packs, size_t parts) {
    return recipients * MANIFEST_KEY_BYTES +
           packs * (PACK_BYTES + recipients * MANIFEST_WRAPPED_BYTES) + parts * PART_BYTES;
}

static size_t bytes_of_arrays(const struct manifest *manifest) {
    return manifest->version_major < ARRAYS_SINCE
               ? 0
               : ARRAYS_COUNT_BYTES + manifest->array_count * ARRAY_BYTES;
}

size_t manifest_bytes(const struct manifest *manifest) {
    return FIXED_BYTES + bytes_of_arrays(manifest) +
           bytes_of_lists(manifest->recipient_count, manifest->pack_count, manifest->part_count) +
           EXTENSION_LENGTH_BYTES + MANIFEST_SIGNATURE_BYTES;
}

size_t manifest_signed_bytes(size_t bytes) {
    return bytes < FIXED_BYTES + EXTENSION_LENGTH_BYTES + MANIFEST_SIGNATURE_BYTES
               ? 0
               : bytes - MANIFEST_SIGNATURE_BYTES;
}

const uint8_t *manifest_signer(const uint8_t *data, size_t bytes) {
    static const size_t offset = sizeof magic + 2 + 2 + MANIFEST_ID_BYTES + 3 * 8;
    return manifest_signed_bytes(bytes) > 0 ? data + offset : NULL;
}

static bool counts_are_within_limits(const struct manifest *manifest) {
    return manifest->recipient_count >= 1 && manifest->recipient_count <= MANIFEST_RECIPIENTS_MAX &&
           manifest->pack_count >= 1 && manifest->pack_count <= MANIFEST_PACKS_MAX &&
           manifest->part_count >= 1 && manifest->part_count <= MANIFEST_PARTS_MAX &&
           manifest->pack_count * manifest->recipient_count <= MANIFEST_WRAPS_MAX;
}

/* extents | table | fewer than PADDING_MAX zeros = the pack. */
static bool pack_is_sound(const struct manifest_pack *pack) {
    return pack->bytes <= INT64_MAX && pack->table_bytes <= pack->bytes &&
           pack->table_offset <= pack->bytes - pack->table_bytes &&
           pack->bytes - pack->table_bytes - pack->table_offset <= PADDING_MAX;
}

static bool is_parity(const struct manifest_pack *pack) {
    return pack->algorithm == MANIFEST_PARITY_ALGORITHM;
}

static bool part_is_sound(const struct manifest *manifest, const struct manifest_part *part) {
    if (part->pack >= manifest->pack_count) {
        return false;
    }
    const struct manifest_pack *pack = &manifest->packs[part->pack];
    return !is_parity(pack) && part->raw_bytes >= 1 && part->raw_bytes <= INDEX_PART_BYTES_MAX &&
           part->sealed_bytes > TAG_BYTES &&
           part->sealed_bytes <= part->raw_bytes + 1 + TAG_BYTES &&
           part->offset <= pack->table_offset &&
           part->sealed_bytes <= pack->table_offset - part->offset;
}

/* Data packs first, then parity packs, whose extents are as long as the longest data pack. */
static bool array_is_sound(const struct manifest *manifest, const struct manifest_array *array) {
    unsigned count = array->data + array->parity;
    if (array->data == 0 || array->parity == 0 || count > MANIFEST_ARRAY_PACKS_MAX ||
        array->first > manifest->pack_count || count > manifest->pack_count - array->first) {
        return false;
    }
    const struct manifest_pack *packs = manifest->packs + array->first;
    uint64_t longest = 0;
    for (unsigned i = 0; i < array->data; i++) {
        longest = packs[i].bytes > longest ? packs[i].bytes : longest;
    }
    for (unsigned i = 0; i < count; i++) {
        bool parity = i >= array->data;
        if (is_parity(&packs[i]) != parity || (parity && packs[i].table_offset != longest)) {
            return false;
        }
    }
    return true;
}

/* No pack is of two arrays, and no parity pack of none. */
static bool arrays_are_sound(const struct manifest *manifest) {
    size_t next = 0;
    size_t parity_packs = 0;
    for (size_t i = 0; i < manifest->array_count; i++) {
        const struct manifest_array *array = &manifest->arrays[i];
        if (array->first < next || !array_is_sound(manifest, array)) {
            return false;
        }
        next = (size_t)array->first + array->data + array->parity;
        parity_packs += array->parity;
    }
    for (size_t i = 0; i < manifest->pack_count; i++) {
        parity_packs -= is_parity(&manifest->packs[i]);
    }
    return parity_packs == 0 &&
           (manifest->array_count == 0 || manifest->version_major >= ARRAYS_SINCE);
}

const struct manifest_array *manifest_array_of(const struct manifest *manifest, size_t pack) {
    for (size_t i = 0; i < manifest->array_count; i++) {
        const struct manifest_array *array = &manifest->arrays[i];
        if (pack >= array->first && pack - array->first < (size_t)array->data + array->parity) {
            return array;
        }
    }
    return NULL;
}

static enum satsync_status check(const struct manifest *manifest, enum satsync_status otherwise,
                                 const char *subject, struct satsync_error *error) {
    uint64_t records = 0;
    uint64_t chunks = 0;
    ENSURE(counts_are_within_limits(manifest), error, otherwise, subject,
           "its manifest has %zu recipients, %zu packs and %zu index parts, which is none or more "
           "than can be",
           manifest->recipient_count, manifest->pack_count, manifest->part_count);
    for (size_t i = 0; i < manifest->pack_count; i++) {
        ENSURE(pack_is_sound(&manifest->packs[i]), error, otherwise, subject,
               "pack %zu of its manifest has a table outside of it", i);
    }
    ENSURE(arrays_are_sound(manifest), error, otherwise, subject,
           "its manifest has packs and parity that do not belong together");
    for (size_t i = 0; i < manifest->part_count; i++) {
        const struct manifest_part *part = &manifest->parts[i];
        ENSURE(part_is_sound(manifest, part) && part->first_record == records &&
                   part->first_chunk == chunks,
               error, otherwise, subject, "index part %zu of its manifest is out of place", i);
        records += part->records;
        chunks += part->chunks;
    }
    ENSURE(chunks == manifest->chunk_count, error, otherwise, subject,
           "its manifest counts %" PRIu64 " chunks but its index parts %" PRIu64,
           manifest->chunk_count, chunks);
    return SATSYNC_OK;
}

static void put_fixed(struct bytes_writer *out, const struct manifest *manifest) {
    bytes_put(out, magic, sizeof magic);
    bytes_put_u16(out, manifest->version_major);
    bytes_put_u16(out, manifest->version_minor);
    bytes_put(out, manifest->store_id, MANIFEST_ID_BYTES);
    bytes_put_u64(out, manifest->step);
    bytes_put_u64(out, manifest->created_unix_ns);
    bytes_put_u64(out, manifest->counter);
    bytes_put(out, manifest->signer, MANIFEST_KEY_BYTES);
    bytes_put_u64(out, manifest->raw_bytes);
    bytes_put_u64(out, manifest->stored_bytes);
    bytes_put_u64(out, manifest->tensor_count);
    bytes_put_u64(out, manifest->chunk_count);
    bytes_put_u32(out, (uint32_t)manifest->recipient_count);
    bytes_put_u32(out, (uint32_t)manifest->pack_count);
    bytes_put_u32(out, (uint32_t)manifest->part_count);
}

static void get_fixed(struct bytes_reader *in, struct manifest *manifest) {
    bytes_get_copy(in, manifest->store_id, MANIFEST_ID_BYTES);
    manifest->step = bytes_get_u64(in);
    manifest->created_unix_ns = bytes_get_u64(in);
    manifest->counter = bytes_get_u64(in);
    bytes_get_copy(in, manifest->signer, MANIFEST_KEY_BYTES);
    manifest->raw_bytes = bytes_get_u64(in);
    manifest->stored_bytes = bytes_get_u64(in);
    manifest->tensor_count = bytes_get_u64(in);
    manifest->chunk_count = bytes_get_u64(in);
    manifest->recipient_count = bytes_get_u32(in);
    manifest->pack_count = bytes_get_u32(in);
    manifest->part_count = bytes_get_u32(in);
}

static void put_pack(struct bytes_writer *out, const struct manifest_pack *pack) {
    bytes_put(out, pack->id, MANIFEST_ID_BYTES);
    bytes_put_u64(out, pack->step);
    bytes_put_u64(out, pack->bytes);
    bytes_put_u64(out, pack->table_offset);
    bytes_put_u64(out, pack->table_bytes);
    bytes_put(out, pack->table_digest, MANIFEST_DIGEST_BYTES);
    bytes_put_u8(out, pack->algorithm);
}

static void get_pack(struct bytes_reader *in, struct manifest_pack *pack) {
    bytes_get_copy(in, pack->id, MANIFEST_ID_BYTES);
    pack->step = bytes_get_u64(in);
    pack->bytes = bytes_get_u64(in);
    pack->table_offset = bytes_get_u64(in);
    pack->table_bytes = bytes_get_u64(in);
    bytes_get_copy(in, pack->table_digest, MANIFEST_DIGEST_BYTES);
    pack->algorithm = bytes_get_u8(in);
}

static void put_part(struct bytes_writer *out, const struct manifest_part *part) {
    bytes_put_u32(out, part->pack);
    bytes_put_u64(out, part->extent);
    bytes_put_u64(out, part->offset);
    bytes_put_u32(out, part->sealed_bytes);
    bytes_put_u32(out, part->raw_bytes);
    bytes_put_u8(out, part->codec);
    bytes_put_u64(out, part->first_record);
    bytes_put_u32(out, part->records);
    bytes_put_u64(out, part->first_chunk);
    bytes_put_u32(out, part->chunks);
}

static void get_part(struct bytes_reader *in, struct manifest_part *part) {
    part->pack = bytes_get_u32(in);
    part->extent = bytes_get_u64(in);
    part->offset = bytes_get_u64(in);
    part->sealed_bytes = bytes_get_u32(in);
    part->raw_bytes = bytes_get_u32(in);
    part->codec = bytes_get_u8(in);
    part->first_record = bytes_get_u64(in);
    part->records = bytes_get_u32(in);
    part->first_chunk = bytes_get_u64(in);
    part->chunks = bytes_get_u32(in);
}

static void put_arrays(struct bytes_writer *out, const struct manifest *manifest) {
    if (manifest->version_major < ARRAYS_SINCE) {
        return;
    }
    bytes_put_u32(out, (uint32_t)manifest->array_count);
    for (size_t i = 0; i < manifest->array_count; i++) {
        bytes_put_u32(out, manifest->arrays[i].first);
        bytes_put_u8(out, manifest->arrays[i].data);
        bytes_put_u8(out, manifest->arrays[i].parity);
    }
}

/* Every array takes two packs at least. */
static enum satsync_status get_arrays(struct bytes_reader *in, struct manifest *manifest) {
    size_t count = manifest->version_major < ARRAYS_SINCE ? 0 : bytes_get_u32(in);
    if (in->failed || count > manifest->pack_count / 2) {
        return SATSYNC_CORRUPT;
    }
    manifest->arrays = memory_new(manifest->allocator, count, sizeof *manifest->arrays);
    if (!manifest->arrays) {
        return SATSYNC_NO_MEMORY;
    }
    manifest->array_count = count;
    for (size_t i = 0; i < count; i++) {
        manifest->arrays[i].first = bytes_get_u32(in);
        manifest->arrays[i].data = bytes_get_u8(in);
        manifest->arrays[i].parity = bytes_get_u8(in);
    }
    return SATSYNC_OK;
}

enum satsync_status manifest_encode(const struct manifest *manifest, uint8_t *out, size_t bytes,
                                    struct satsync_error *error) {
    static const uint8_t no_signature[MANIFEST_SIGNATURE_BYTES];
    TRY(check(manifest, SATSYNC_INVALID, NULL, error));
    ENSURE(manifest_bytes(manifest) <= MANIFEST_BYTES_MAX, error, SATSYNC_LIMIT, NULL,
           "a manifest of %zu bytes is more than the %d that a store holds; use fewer recipients "
           "or packs",
           manifest_bytes(manifest), MANIFEST_BYTES_MAX);
    assert(bytes == manifest_bytes(manifest));
    struct bytes_writer writer = bytes_writer_over(out, bytes);
    put_fixed(&writer, manifest);
    for (size_t i = 0; i < manifest->recipient_count; i++) {
        bytes_put(&writer, manifest->recipients[i], MANIFEST_KEY_BYTES);
    }
    for (size_t i = 0; i < manifest->pack_count; i++) {
        put_pack(&writer, &manifest->packs[i]);
        bytes_put(&writer, manifest->wrapped[i * manifest->recipient_count],
                  manifest->recipient_count * MANIFEST_WRAPPED_BYTES);
    }
    for (size_t i = 0; i < manifest->part_count; i++) {
        put_part(&writer, &manifest->parts[i]);
    }
    put_arrays(&writer, manifest);
    bytes_put_u32(&writer, 0);
    bytes_put(&writer, no_signature, sizeof no_signature);
    assert(!writer.failed && bytes_room(&writer) == 0);
    return SATSYNC_OK;
}

static enum satsync_status corrupt(const char *subject, struct satsync_error *error) {
    return error_set(error, SATSYNC_CORRUPT, subject,
                     "its manifest is damaged; take it from another site again");
}

enum satsync_status manifest_peek(const uint8_t *data, size_t bytes, const char *subject,
                                  struct manifest *out, struct satsync_error *error) {
    const struct allocator *allocator = out->allocator;
    struct bytes_reader in = bytes_reader_over(data, bytes);
    const uint8_t *found = bytes_get_view(&in, sizeof magic);
    *out = (struct manifest){.allocator = allocator};
    if (bytes > MANIFEST_BYTES_MAX || !found || memcmp(found, magic, sizeof magic) != 0) {
        return corrupt(subject, error);
    }
    out->version_major = bytes_get_u16(&in);
    out->version_minor = bytes_get_u16(&in);
    ENSURE(out->version_major <= MANIFEST_VERSION_MAJOR, error, SATSYNC_NEWER_VERSION, subject,
           "its manifest has format version %u.%u and this program reads up to %d; use a newer "
           "satsync",
           out->version_major, out->version_minor, MANIFEST_VERSION_MAJOR);
    get_fixed(&in, out);
    if (out->version_major == 0 || in.failed || !counts_are_within_limits(out)) {
        return corrupt(subject, error);
    }
    size_t least = bytes_of_lists(out->recipient_count, out->pack_count, out->part_count) +
                   bytes_of_arrays(out) + EXTENSION_LENGTH_BYTES + MANIFEST_SIGNATURE_BYTES;
    size_t left = bytes_left(&in);
    size_t arrays_most = out->pack_count / 2 * ARRAY_BYTES;
    if (left < least || left - least > arrays_most + MANIFEST_EXTENSION_MAX) {
        return corrupt(subject, error);
    }
    out->recipient_count = out->pack_count = out->part_count = 0;
    return SATSYNC_OK;
}

static bool allocate_lists(struct manifest *out) {
    const struct allocator *allocator = out->allocator;
    out->recipients = memory_new(allocator, out->recipient_count, sizeof *out->recipients);
    out->packs = memory_new(allocator, out->pack_count, sizeof *out->packs);
    out->wrapped =
        memory_new(allocator, out->pack_count * out->recipient_count, sizeof *out->wrapped);
    out->parts = memory_new(allocator, out->part_count, sizeof *out->parts);
    return out->recipients && out->packs && out->wrapped && out->parts;
}

static enum satsync_status get_lists(struct bytes_reader *in, struct manifest *out) {
    for (size_t i = 0; i < out->recipient_count; i++) {
        bytes_get_copy(in, out->recipients[i], MANIFEST_KEY_BYTES);
    }
    for (size_t i = 0; i < out->pack_count; i++) {
        get_pack(in, &out->packs[i]);
        bytes_get_copy(in, out->wrapped[i * out->recipient_count],
                       out->recipient_count * MANIFEST_WRAPPED_BYTES);
    }
    for (size_t i = 0; i < out->part_count; i++) {
        get_part(in, &out->parts[i]);
    }
    TRY(get_arrays(in, out));
    /* What a newer minor version adds: signed with the rest, and of no concern to this one. */
    uint32_t extension = bytes_get_u32(in);
    bytes_get_view(in, extension);
    bytes_get_view(in, MANIFEST_SIGNATURE_BYTES);
    return extension <= MANIFEST_EXTENSION_MAX && bytes_all_read(in) ? SATSYNC_OK : SATSYNC_CORRUPT;
}

static int compare_ids(const void *a, const void *b) {
    const struct manifest_pack *const *left = a;
    const struct manifest_pack *const *right = b;
    return memcmp((*left)->id, (*right)->id, MANIFEST_ID_BYTES);
}

static enum satsync_status check_ids(const struct manifest *manifest, const char *subject,
                                     struct satsync_error *error) {
    const struct manifest_pack **order =
        memory_new(manifest->allocator, manifest->pack_count, sizeof *order);
    ENSURE(order, error, SATSYNC_NO_MEMORY, subject, "no memory for its manifest");
    for (size_t i = 0; i < manifest->pack_count; i++) {
        order[i] = &manifest->packs[i];
    }
    qsort(order, manifest->pack_count, sizeof *order, compare_ids);
    bool twice = false;
    for (size_t i = 1; i < manifest->pack_count; i++) {
        twice |= compare_ids(&order[i - 1], &order[i]) == 0;
    }
    memory_free(manifest->allocator, order);
    return twice ? corrupt(subject, error) : SATSYNC_OK;
}

enum satsync_status manifest_decode(const uint8_t *data, size_t bytes, const char *subject,
                                    struct manifest *out, struct satsync_error *error) {
    TRY(manifest_peek(data, bytes, subject, out, error));
    struct bytes_reader in = bytes_reader_over(data, bytes);
    bytes_get_view(&in, VERSION_BYTES);
    get_fixed(&in, out);
    enum satsync_status status = allocate_lists(out) ? get_lists(&in, out) : SATSYNC_NO_MEMORY;
    if (status == SATSYNC_NO_MEMORY) {
        error_set(error, status, subject, "no memory for its manifest");
    } else if (status != SATSYNC_OK) {
        corrupt(subject, error);
    } else {
        status = check(out, SATSYNC_CORRUPT, subject, error);
    }
    if (status == SATSYNC_OK) {
        status = check_ids(out, subject, error);
    }
    if (status != SATSYNC_OK) {
        manifest_fini(out);
    }
    return status;
}

void manifest_fini(struct manifest *manifest) {
    const struct allocator *allocator = manifest->allocator;
    memory_free(allocator, manifest->recipients);
    memory_free(allocator, manifest->packs);
    memory_free(allocator, manifest->wrapped);
    memory_free(allocator, manifest->parts);
    memory_free(allocator, manifest->arrays);
    *manifest = (struct manifest){.allocator = allocator};
}

int64_t manifest_recipient(const struct manifest *manifest,
                           const uint8_t public_key[MANIFEST_KEY_BYTES]) {
    for (size_t i = 0; i < manifest->recipient_count; i++) {
        if (memcmp(manifest->recipients[i], public_key, MANIFEST_KEY_BYTES) == 0) {
            return (int64_t)i;
        }
    }
    return -1;
}
