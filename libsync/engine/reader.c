#include "engine/reader.h"

#include "base/check.h"
#include "engine/scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct seal_place reader_place(const struct satsync_reader *reader,
                               const struct index_chunk *chunk) {
    struct seal_place place = {.step = reader->manifest.root.packs[chunk->pack].step,
                               .codec = chunk->codec,
                               .raw_bytes = chunk->raw_bytes,
                               .extent = chunk->extent};
    memcpy(place.store_id, reader->manifest.root.store_id, sizeof place.store_id);
    return place;
}

static void pack_text(const struct satsync_reader *reader, uint32_t pack,
                      char out[PACK_TEXT_BYTES]) {
    for (int i = 0; i < PACK_ID_BYTES; i++) {
        snprintf(out + 2 * i, 3, "%02x", reader->manifest.root.packs[pack].id[i]);
    }
}

enum satsync_status reader_extent(struct satsync_reader *reader, const struct index_chunk *chunk,
                                  uint8_t *sealed, struct satsync_error *error) {
    struct chunks *chunks = reader->store->chunks;
    if (!reader->packs[chunk->pack]) {
        struct pack_id id;
        memcpy(id.bytes, reader->manifest.root.packs[chunk->pack].id, sizeof id.bytes);
        enum satsync_status status =
            chunks->ops->pack_open(chunks, &id, &reader->packs[chunk->pack], error);
        /* What a manifest names must be there. */
        if (status == SATSYNC_NOT_FOUND) {
            char text[PACK_TEXT_BYTES];
            pack_text(reader, chunk->pack, text);
            return error_set(error, SATSYNC_INCOMPLETE, text,
                             "the pack is missing; fetch the checkpoint from another site");
        }
        TRY(status);
    }
    return chunks->ops->pack_read(reader->packs[chunk->pack], chunk->offset, sealed,
                                  chunk->sealed_bytes, error);
}

static const char *item_kind_name(enum seal_kind kind) {
    switch (kind) {
    case SEAL_TENSOR:
        return "tensor";
    case SEAL_BLOB:
        return "blob";
    case SEAL_FILE_HEADER:
        return "file header";
    case SEAL_INDEX:
        break;
    }
    return "index";
}

static enum satsync_status open_and_decode(struct reader_slot *slot, struct satsync_error *error) {
    struct satsync_reader *reader = slot->reader;
    const struct index_chunk *chunk = &slot->chunk;
    char pack[PACK_TEXT_BYTES];
    pack_text(reader, chunk->pack, pack);
    enum satsync_status status = seal_open(&reader->keys[chunk->pack], &slot->place, slot->sealed,
                                           chunk->sealed_bytes, slot->sealed);
    ENSURE(status == SATSYNC_OK, error, SATSYNC_CORRUPT, pack,
           "%s %llu, chunk at byte %llu, is damaged: it does not open; run verify, then fetch the "
           "checkpoint from another site",
           item_kind_name(slot->place.kind), (unsigned long long)slot->place.item,
           (unsigned long long)slot->place.position);
    struct codec_scratch *scratch = scratch_take(reader->engine, chunk->raw_bytes);
    ENSURE(scratch, error, SATSYNC_NO_MEMORY, "restore", "no memory for decoding");
    bool whole = slot->skip == 0 && slot->want == chunk->raw_bytes;
    uint8_t *raw = whole ? slot->out : slot->raw;
    status = codec_decode(scratch, slot->sealed, chunk->sealed_bytes - SEAL_TAG_BYTES, raw,
                          chunk->raw_bytes);
    scratch_give(reader->engine, scratch, chunk->raw_bytes);
    ENSURE(status == SATSYNC_OK, error, status, pack, "%s %llu does not decode; %s",
           item_kind_name(slot->place.kind), (unsigned long long)slot->place.item,
           status == SATSYNC_NEWER_VERSION ? "a newer version coded it: upgrade this one"
                                           : "please report this");
    if (!whole) {
        memcpy(slot->out, raw + slot->skip, slot->want);
    }
    return SATSYNC_OK;
}

static void slot_run(struct task *task, size_t worker) {
    (void)worker;
    struct reader_slot *slot = (struct reader_slot *)task;
    struct satsync_reader *reader = slot->reader;
    struct satsync_error error = {0};
    enum satsync_status status = open_and_decode(slot, &error);
    monitor_lock(reader->monitor);
    if (status != SATSYNC_OK && reader->status == SATSYNC_OK) {
        reader->status = status;
        reader->error = error;
    }
    slot->busy = false;
    monitor_wake_all(reader->monitor);
    monitor_unlock(reader->monitor);
}

static enum satsync_status slot_allocate(struct reader_slot *slot, size_t raw_bytes,
                                         const struct allocator *allocator) {
    if (slot->room >= raw_bytes) {
        return SATSYNC_OK;
    }
    memory_free(allocator, slot->raw);
    memory_free(allocator, slot->sealed);
    slot->raw = memory_new(allocator, 1, raw_bytes);
    slot->sealed = memory_new(allocator, 1, codec_bound(raw_bytes) + SEAL_TAG_BYTES);
    slot->room = slot->raw && slot->sealed ? raw_bytes : 0;
    return slot->room ? SATSYNC_OK : SATSYNC_NO_MEMORY;
}

/* The next slot in turn, once its former task is done. */
static struct reader_slot *take_slot(struct satsync_reader *reader) {
    struct reader_slot *slot = &reader->slots[reader->next_slot++ % reader->slot_limit];
    monitor_lock(reader->monitor);
    while (slot->busy) {
        monitor_wait(reader->monitor);
    }
    monitor_unlock(reader->monitor);
    return slot;
}

static enum satsync_status drain(struct satsync_reader *reader, struct satsync_error *error) {
    monitor_lock(reader->monitor);
    for (size_t i = 0; i < reader->slot_limit; i++) {
        while (reader->slots[i].busy) {
            monitor_wait(reader->monitor);
        }
    }
    enum satsync_status status = reader->status;
    if (status != SATSYNC_OK && error) {
        *error = reader->error;
    }
    reader->status = SATSYNC_OK;
    monitor_unlock(reader->monitor);
    return status;
}

static enum satsync_status read_chunk(struct satsync_reader *reader, const struct reader_item *item,
                                      struct range chunk_range, const struct index_chunk *chunk,
                                      struct reader_slot *slot, struct satsync_error *error) {
    ENSURE(slot_allocate(slot, chunk->raw_bytes, reader->engine->allocator) == SATSYNC_OK, error,
           SATSYNC_NO_MEMORY, "restore", "no memory for staging");
    TRY(reader_extent(reader, chunk, slot->sealed, error));
    slot->reader = reader;
    slot->chunk = *chunk;
    slot->place = reader_place(reader, chunk);
    slot->place.kind = item->kind;
    slot->place.item = item->number;
    slot->place.position = chunk_range.from;
    slot->task.run = slot_run;
    slot->busy = true;
    exec_submit(reader->engine->exec, &slot->task);
    return SATSYNC_OK;
}

enum satsync_status reader_read(struct satsync_reader *reader, const struct reader_item *item,
                                struct range range, uint8_t *out, struct satsync_error *error) {
    const struct layout layout = {item->extent.bytes, item->extent.chunk_bytes};
    enum satsync_status status = SATSYNC_OK;
    struct range overlap = layout_overlap(&layout, range.from, range.to);
    for (uint64_t i = overlap.from; i < overlap.to && status == SATSYNC_OK; i++) {
        struct range chunk_range = layout_chunk(&layout, i);
        uint64_t from = chunk_range.from > range.from ? chunk_range.from : range.from;
        uint64_t to = chunk_range.to < range.to ? chunk_range.to : range.to;
        struct reader_slot *slot = take_slot(reader);
        slot->skip = from - chunk_range.from;
        slot->want = to - from;
        slot->out = out + (from - range.from);
        status = read_chunk(reader, item, chunk_range,
                            &reader->chunks[item->extent.first_chunk + i], slot, error);
    }
    /* A worker's failure explains more than a later one of reading. */
    enum satsync_status drained = drain(reader, error);
    return drained != SATSYNC_OK ? drained : status;
}

static enum satsync_status unwrap_keys(struct satsync_reader *reader, struct satsync_error *error) {
    const struct manifest *root = &reader->manifest.root;
    const struct site_key *site = key_site(reader->store->key);
    int64_t recipient = manifest_recipient(root, site->public_key);
    char subject[32];
    store_step_text(root->step, subject);
    ENSURE(recipient >= 0, error, SATSYNC_NO_KEY, subject,
           "it is sealed for %zu recipients and the given key is none of them",
           root->recipient_count);
    reader->keys = secret_new(root->pack_count * sizeof *reader->keys);
    ENSURE(reader->keys, error, SATSYNC_NO_MEMORY, "restore", "no memory for secret keys");
    for (size_t i = 0; i < root->pack_count; i++) {
        TRY(seal_can(root->packs[i].algorithm, subject, error));
        reader->keys[i].algorithm = (enum seal_algorithm)root->packs[i].algorithm;
        reader->keys[i].library = reader->engine->seal_library;
        size_t wrap = i * root->recipient_count + (size_t)recipient;
        ENSURE(key_unwrap(site, root->wrapped[wrap], reader->keys[i].bytes) == SATSYNC_OK, error,
               SATSYNC_NO_KEY, subject, "its key does not unwrap with the given key");
    }
    return SATSYNC_OK;
}

static enum satsync_status start(struct satsync_reader *reader, uint64_t step,
                                 struct satsync_error *error) {
    const struct allocator *allocator = reader->engine->allocator;
    TRY(store_manifest_read(reader->store, step, &reader->manifest, error));
    reader->monitor = monitor_new(allocator);
    reader->packs = memory_new(allocator, reader->manifest.root.pack_count, sizeof *reader->packs);
    reader->chunks =
        memory_new(allocator, reader->manifest.root.chunk_count, sizeof *reader->chunks);
    ENSURE(reader->monitor && reader->packs && reader->chunks, error, SATSYNC_NO_MEMORY, "restore",
           "out of memory");
    size_t slots = (size_t)(reader->engine->memory_bytes / (2 << 20));
    reader->slot_limit = slots < 2 ? 2 : slots > READER_SLOTS ? READER_SLOTS : slots;
    TRY(unwrap_keys(reader, error));
    return reader_load_index(reader, error);
}

enum satsync_status satsync_reader_open(struct satsync_store *store, uint64_t step,
                                        struct satsync_reader **result,
                                        struct satsync_error *error) {
    *result = NULL;
    engine_check_process(store->engine);
    ENSURE(store->key, error, SATSYNC_NO_KEY, store->path,
           "reading needs the site's key; open the store with it");
    struct satsync_reader *reader = memory_new(store->engine->allocator, 1, sizeof *reader);
    ENSURE(reader, error, SATSYNC_NO_MEMORY, "restore", "out of memory");
    reader->engine = store->engine;
    enum satsync_status status = store_duplicate(store, &reader->store, error);
    if (status == SATSYNC_OK) {
        status = start(reader, step, error);
    }
    if (status != SATSYNC_OK) {
        satsync_reader_close(reader);
        return status;
    }
    *result = reader;
    return SATSYNC_OK;
}

static void free_list(struct reader_list *list, const struct allocator *allocator) {
    for (size_t i = 0; i < list->count; i++) {
        memory_free(allocator, list->at[i].name);
        memory_free(allocator, list->at[i].shape);
    }
    memory_free(allocator, list->at);
}

void satsync_reader_close(struct satsync_reader *reader) {
    if (!reader) {
        return;
    }
    const struct allocator *allocator = reader->engine->allocator;
    for (size_t i = 0; reader->packs && i < reader->manifest.root.pack_count; i++) {
        if (reader->packs[i]) {
            reader->store->chunks->ops->pack_close(reader->packs[i]);
        }
    }
    for (size_t i = 0; i < READER_SLOTS; i++) {
        memory_free(allocator, reader->slots[i].raw);
        memory_free(allocator, reader->slots[i].sealed);
    }
    free_list(&reader->files, allocator);
    free_list(&reader->tensors, allocator);
    free_list(&reader->blobs, allocator);
    memory_free(allocator, reader->packs);
    memory_free(allocator, reader->chunks);
    memory_free(allocator, reader->by_name);
    secret_free(reader->keys);
    monitor_free(reader->monitor, allocator);
    store_manifest_fini(&reader->manifest);
    satsync_store_close(reader->store);
    memory_free(allocator, reader);
}
