/* The end of a save: the sealed index, the pack's table, and the signed manifest. */
#include "base/check.h"
#include "engine/pack_array.h"
#include "engine/save_base.h"
#include "engine/scratch.h"

#include <stdlib.h>
#include <string.h>

struct index_writer {
    struct satsync_save *save;
    uint8_t *text; /* the part being written */
    uint8_t *coded;
    struct index_part_writer part;
    struct save_list parts; /* of struct manifest_part */
    uint64_t records;       /* in finished parts */
    uint64_t chunks;
};

static enum satsync_status code_part(struct index_writer *writer, size_t bytes, size_t *coded_bytes,
                                     struct satsync_error *error) {
    struct satsync_engine *engine = writer->save->engine;
    struct codec_scratch *scratch = scratch_take(engine, INDEX_PART_BYTES_MAX);
    ENSURE(scratch, error, SATSYNC_NO_MEMORY, "save", "no memory for the index");
    const struct codec_input input = {
        .wish = CODEC_ZSTD, .width = 1, .raw = writer->text, .raw_bytes = bytes};
    enum satsync_status status = codec_encode(scratch, &input, writer->coded, coded_bytes);
    scratch_give(engine, scratch, INDEX_PART_BYTES_MAX);
    ENSURE(status == SATSYNC_OK, error, status, "save", "no memory for the index");
    return SATSYNC_OK;
}

static enum satsync_status finish_part(struct index_writer *writer, struct satsync_error *error) {
    struct satsync_save *save = writer->save;
    size_t bytes = index_part_finish(&writer->part);
    size_t coded_bytes;
    TRY(code_part(writer, bytes, &coded_bytes, error));
    struct seal_place place = {.step = save->step,
                               .kind = SEAL_INDEX,
                               .codec = writer->coded[0],
                               .item = writer->parts.count,
                               .raw_bytes = bytes,
                               .extent = save->submitted};
    memcpy(place.store_id, save->store->identity.store_id, sizeof place.store_id);
    struct index_extent extent;
    TRY(save_append(save, &place, writer->coded, coded_bytes, &extent, error));
    struct manifest_part *part = save_list_add(save, &writer->parts, sizeof *part);
    ENSURE(part, error, SATSYNC_NO_MEMORY, "save", "no memory for the index");
    *part = (struct manifest_part){.pack = extent.pack,
                                   .extent = extent.extent,
                                   .offset = extent.offset,
                                   .sealed_bytes = extent.sealed_bytes,
                                   .raw_bytes = (uint32_t)bytes,
                                   .codec = place.codec,
                                   .first_record = writer->records,
                                   .records = writer->part.records,
                                   .first_chunk = writer->chunks,
                                   .chunks = writer->part.chunks};
    writer->records += writer->part.records;
    writer->chunks += writer->part.chunks;
    index_part_begin(&writer->part, (uint32_t)writer->parts.count, writer->text);
    return SATSYNC_OK;
}

static enum satsync_status add_record(struct index_writer *writer,
                                      const struct index_record *record,
                                      struct satsync_error *error) {
    if (index_part_add(&writer->part, record)) {
        return SATSYNC_OK;
    }
    TRY(finish_part(writer, error));
    bool added = index_part_add(&writer->part, record);
    assert(added); /* an empty part holds any record */
    return SATSYNC_OK;
}

static enum satsync_status add_items(struct index_writer *writer, struct satsync_error *error) {
    struct satsync_save *save = writer->save;
    const struct save_file *files = save->files.at;
    for (size_t i = 0; i < save->files.count; i++) {
        const struct index_record record = {.kind = INDEX_FILE,
                                            .file = {.name = files[i].name,
                                                     .name_bytes = strlen(files[i].name),
                                                     .kind = files[i].kind,
                                                     .header = files[i].header}};
        TRY(add_record(writer, &record, error));
    }
    const struct save_tensor *tensors = save->tensors.at;
    for (size_t i = 0; i < save->tensors.count; i++) {
        struct index_record record = {.kind = INDEX_TENSOR,
                                      .tensor = {.name = tensors[i].name,
                                                 .name_bytes = strlen(tensors[i].name),
                                                 .file = tensors[i].file,
                                                 .dtype = tensors[i].dtype,
                                                 .rank = tensors[i].rank,
                                                 .data = tensors[i].data}};
        memcpy(record.tensor.shape, tensors[i].shape, tensors[i].rank * sizeof(uint64_t));
        TRY(add_record(writer, &record, error));
    }
    const struct save_blob *blobs = save->blobs.at;
    for (size_t i = 0; i < save->blobs.count; i++) {
        const struct index_record record = {.kind = INDEX_BLOB,
                                            .blob = {.name = blobs[i].name,
                                                     .name_bytes = strlen(blobs[i].name),
                                                     .data = blobs[i].data}};
        TRY(add_record(writer, &record, error));
    }
    return SATSYNC_OK;
}

static enum satsync_status write_index(struct index_writer *writer, struct satsync_error *error) {
    struct satsync_save *save = writer->save;
    const struct allocator *allocator = save->engine->allocator;
    writer->text = memory_new(allocator, 1, INDEX_PART_BYTES_MAX);
    writer->coded = memory_new(allocator, 1, codec_bound(INDEX_PART_BYTES_MAX) + SEAL_TAG_BYTES);
    ENSURE(writer->text && writer->coded, error, SATSYNC_NO_MEMORY, "save",
           "no memory for the index");
    index_part_begin(&writer->part, 0, writer->text);
    TRY(add_items(writer, error));
    const struct index_chunk *chunks = save->chunks.at;
    for (size_t i = 0; i < save->chunks.count; i++) {
        const struct index_record record = {.kind = INDEX_CHUNK, .chunk = chunks[i]};
        TRY(add_record(writer, &record, error));
    }
    return finish_part(writer, error);
}

static enum satsync_status finish_pack(struct satsync_save *save, unsigned number,
                                       struct manifest_pack *pack, struct satsync_error *error) {
    struct chunks *store = save->store->chunks;
    struct save_pack *own = &save->packs[number];
    size_t table_bytes;
    const uint8_t *table = extent_table_finish(&own->table, &table_bytes);
    ENSURE(table, error, SATSYNC_NO_MEMORY, "save", "no memory for the pack's table");
    *pack = (struct manifest_pack){.step = save->step,
                                   .table_offset = own->table.end,
                                   .table_bytes = table_bytes,
                                   .algorithm = (uint8_t)save->keys[number].algorithm};
    memcpy(pack->id, own->id.bytes, sizeof pack->id);
    digest_of(table, table_bytes, pack->table_digest);
    uint64_t offset;
    TRY(store->ops->pack_append(own->writer, table, table_bytes, &offset, error));
    assert(offset == own->table.end);
    struct pack_writer *writer = own->writer;
    own->writer = NULL;
    return store->ops->pack_finish(writer, &pack->bytes, error);
}

/* Of finished packs, which are read twice more: first whether the disk kept them. */
static enum satsync_status make_parity(struct satsync_save *save, struct save_packs *packs,
                                       struct satsync_error *error) {
    const struct manifest_array shape = {0, (uint8_t)save->pack_count, (uint8_t)save->parity_count};
    for (unsigned i = save->pack_count; i < save->pack_count + save->parity_count; i++) {
        packs->at[i] = (struct manifest_pack){.step = save->step};
        secret_random(packs->at[i].id, sizeof packs->at[i].id);
    }
    struct pack_array array;
    enum satsync_status status = pack_array_open(&array, save->store, packs->at, &shape, error);
    if (status == SATSYNC_OK) {
        status = pack_array_make(&array, error);
    }
    pack_array_close(&array);
    return status;
}

static enum satsync_status finish_packs(struct satsync_save *save, struct save_packs *packs,
                                        struct satsync_error *error) {
    for (unsigned i = 0; i < save->pack_count; i++) {
        TRY(finish_pack(save, i, &packs->at[i], error));
    }
    return save->parity_count > 0 ? make_parity(save, packs, error) : SATSYNC_OK;
}

/* One more than the newest checkpoint's. Two saves that end at the same moment may share one. */
static uint64_t next_counter(struct satsync_store *store) {
    uint64_t newest = 0;
    size_t count = 0;
    if (satsync_store_steps(store, NULL, 0, &count, NULL) != SATSYNC_OK || count == 0) {
        return 1;
    }
    uint64_t *steps = memory_new(store->engine->allocator, count, sizeof *steps);
    size_t found = 0;
    if (steps && satsync_store_steps(store, steps, count, &found, NULL) == SATSYNC_OK) {
        for (size_t i = 0; i < found && i < count; i++) {
            uint8_t *data;
            size_t bytes;
            struct manifest peeked = {0};
            if (store->chunks->ops->manifest_read(store->chunks, steps[i], &data, &bytes, NULL) !=
                SATSYNC_OK) {
                continue;
            }
            if (manifest_peek(data, bytes, "", &peeked, NULL) == SATSYNC_OK &&
                peeked.counter > newest) {
                newest = peeked.counter;
            }
            memory_free(store->engine->allocator, data);
        }
    }
    memory_free(store->engine->allocator, steps);
    return newest + 1;
}

static enum satsync_status wrap_keys(struct satsync_save *save, const struct save_packs *packs,
                                     struct manifest *root, struct satsync_error *error) {
    const struct identity *identity = &save->store->identity;
    const uint8_t *own = key_site(save->store->key)->public_key;
    memcpy(root->recipients[root->recipient_count++], own, SITE_KEY_BYTES);
    if (memcmp(own, identity->owner, SITE_KEY_BYTES) != 0) {
        memcpy(root->recipients[root->recipient_count++], identity->owner, SITE_KEY_BYTES);
    }
    for (size_t i = 0; i < identity->recipient_count; i++) {
        if (memcmp(identity->recipients[i], own, SITE_KEY_BYTES) != 0) {
            memcpy(root->recipients[root->recipient_count++], identity->recipients[i],
                   SITE_KEY_BYTES);
        }
    }
    for (size_t i = 0; i < packs->count * root->recipient_count; i++) {
        const uint8_t *key = packs->keys[i / root->recipient_count];
        if (!key) {
            continue; /* parity has none */
        }
        enum satsync_status status =
            key_wrap(root->recipients[i % root->recipient_count], key, root->wrapped[i]);
        ENSURE(status == SATSYNC_OK, error, status, "recipients", "one is no site's public key");
    }
    return SATSYNC_OK;
}

/* The committed manifest holds them now. */
static void release_packs(struct satsync_save *save, const struct manifest *root) {
    struct chunks *chunks = save->store->chunks;
    for (unsigned i = 0; i < save->pack_count + save->parity_count; i++) {
        struct pack_id id;
        memcpy(id.bytes, root->packs[i].id, sizeof id.bytes);
        chunks->ops->pack_release(chunks, &id);
    }
}

static enum satsync_status sign_and_commit(struct satsync_save *save, const struct manifest *root,
                                           struct satsync_error *error) {
    const struct allocator *allocator = save->engine->allocator;
    size_t bytes = manifest_bytes(root);
    uint8_t *data = memory_new(allocator, 1, bytes);
    ENSURE(data, error, SATSYNC_NO_MEMORY, "save", "no memory for the manifest");
    enum satsync_status status = manifest_encode(root, data, bytes, error);
    if (status == SATSYNC_OK) {
        size_t signed_bytes = manifest_signed_bytes(bytes);
        site_sign(key_site(save->store->key), STORE_MANIFEST_SIGNED_AS, data, signed_bytes,
                  data + signed_bytes);
        struct chunks *chunks = save->store->chunks;
        status = chunks->ops->manifest_commit(chunks, save->step, data, bytes, error);
        release_packs(save, root);
    }
    memory_free(allocator, data);
    return status;
}

/* The least that says everything, so that older readers are refused only what they cannot read. */
static uint16_t version_of(const struct satsync_save *save, const struct save_packs *packs) {
    const struct index_chunk *chunks = save->chunks.at;
    bool has_derived = false;
    for (size_t i = 0; i < save->chunks.count; i++) {
        has_derived |= chunks[i].is_derived;
    }
    return packs->array_count > 0 ? 3 : has_derived ? 2 : 1;
}

static enum satsync_status write_root(struct satsync_save *save, struct index_writer *index,
                                      const struct save_packs *packs, struct satsync_error *error) {
    static const size_t most_recipients = IDENTITY_RECIPIENTS_MAX + 2;
    const struct allocator *allocator = save->engine->allocator;
    struct manifest root = {.version_major = version_of(save, packs),
                            .version_minor = MANIFEST_VERSION_MINOR,
                            .step = save->step,
                            .created_unix_ns = save->engine->ports.unix_ns(),
                            .counter = next_counter(save->store),
                            .raw_bytes = save->raw_bytes,
                            .stored_bytes = save->sealed_total + packs->referred_bytes,
                            .tensor_count = save->tensors.count,
                            .chunk_count = save->chunks.count,
                            .packs = packs->at,
                            .pack_count = packs->count,
                            .parts = index->parts.at,
                            .part_count = index->parts.count,
                            .arrays = packs->arrays,
                            .array_count = packs->array_count};
    memcpy(root.store_id, save->store->identity.store_id, sizeof root.store_id);
    memcpy(root.signer, key_site(save->store->key)->public_key, sizeof root.signer);
    root.recipients = memory_new(allocator, most_recipients, sizeof *root.recipients);
    root.wrapped = memory_new(allocator, packs->count * most_recipients, sizeof *root.wrapped);
    enum satsync_status status =
        root.recipients && root.wrapped
            ? wrap_keys(save, packs, &root, error)
            : error_set(error, SATSYNC_NO_MEMORY, "save", "no memory for the manifest");
    if (status == SATSYNC_OK) {
        status = sign_and_commit(save, &root, error);
    }
    memory_free(allocator, root.recipients);
    memory_free(allocator, root.wrapped);
    return status;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Of `count` names; the list is sorted. */
static enum satsync_status check_names(const char **names, size_t count, const char *what,
                                       struct satsync_error *error) {
    qsort(names, count, sizeof *names, compare_names);
    for (size_t i = 1; i < count; i++) {
        ENSURE(strcmp(names[i - 1], names[i]) != 0, error, SATSYNC_INVALID, names[i],
               "two %s have this name; a checkpoint holds each name once", what);
    }
    return SATSYNC_OK;
}

static enum satsync_status check_all_names(struct satsync_save *save, struct satsync_error *error) {
    const struct save_tensor *tensors = save->tensors.at;
    const struct save_blob *blobs = save->blobs.at;
    size_t most = save->tensors.count > save->blobs.count ? save->tensors.count : save->blobs.count;
    const char **names = memory_new(save->engine->allocator, most, sizeof *names);
    ENSURE(names, error, SATSYNC_NO_MEMORY, "save", "no memory for the index");
    for (size_t i = 0; i < save->tensors.count; i++) {
        names[i] = tensors[i].name;
    }
    enum satsync_status status = check_names(names, save->tensors.count, "tensors", error);
    for (size_t i = 0; i < save->blobs.count; i++) {
        names[i] = blobs[i].name;
    }
    if (status == SATSYNC_OK) {
        status = check_names(names, save->blobs.count, "blobs", error);
    }
    memory_free(save->engine->allocator, names);
    return status;
}

static enum satsync_status commit(struct satsync_save *save, struct index_writer *index,
                                  struct save_packs *packs, struct satsync_error *error) {
    TRY(save_packs_init(save, packs, error));
    TRY(write_index(index, error));
    TRY(finish_packs(save, packs, error));
    return write_root(save, index, packs, error);
}

enum satsync_status save_commit(struct satsync_save *save, struct satsync_error *error) {
    struct index_writer index = {.save = save};
    struct save_packs packs = {.count = 0};
    TRY(check_all_names(save, error));
    enum satsync_status status = commit(save, &index, &packs, error);
    const struct allocator *allocator = save->engine->allocator;
    memory_free(allocator, index.text);
    memory_free(allocator, index.coded);
    memory_free(allocator, index.parts.at);
    save_packs_fini(save, &packs);
    return status;
}
