#include "engine/reader.h"

#include "base/check.h"
#include "codec/rounding.h"
#include "engine/scratch.h"

#include <stdlib.h>
#include <string.h>

static size_t sealed_room(size_t raw_bytes) {
    return codec_bound(raw_bytes) + SEAL_TAG_BYTES;
}

static enum satsync_status open_and_place(struct reader_slot *slot, struct satsync_error *error) {
    const struct index_chunk *chunk = &slot->chunk;
    bool whole = !slot->rounded && slot->skip == 0 && slot->want == chunk->raw_bytes;
    uint8_t *raw = whole ? slot->out : slot->raw;
    TRY(reader_chunk_open(slot->reader, chunk, &slot->place, &slot->buffers, raw, error));
    if (slot->rounded) {
        raw = slot->buffers.own;
        round_to_bf16(slot->raw, chunk->raw_bytes / sizeof(uint32_t), raw);
    }
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
    enum satsync_status status = open_and_place(slot, &error);
    monitor_lock(reader->monitor);
    if (status != SATSYNC_OK && reader->status == SATSYNC_OK) {
        reader->status = status;
        reader->error = error;
    }
    slot->busy = false;
    monitor_wake_all(reader->monitor);
    monitor_unlock(reader->monitor);
}

static void slot_release(struct reader_slot *slot, const struct allocator *allocator) {
    memory_free(allocator, slot->raw);
    memory_free(allocator, slot->buffers.own);
    memory_free(allocator, slot->buffers.base);
    slot->raw = slot->buffers.own = slot->buffers.base = NULL;
    slot->room = 0;
}

static enum satsync_status slot_allocate(struct reader_slot *slot, const struct index_chunk *chunk,
                                         const struct allocator *allocator) {
    if (slot->room < chunk->raw_bytes) {
        slot_release(slot, allocator);
        slot->raw = memory_new(allocator, 1, chunk->raw_bytes);
        slot->buffers.own = memory_new(allocator, 1, sealed_room(chunk->raw_bytes));
        slot->room = slot->raw && slot->buffers.own ? chunk->raw_bytes : 0;
    }
    if (chunk->has_base && !slot->buffers.base) {
        slot->buffers.base = memory_new(allocator, 1, sealed_room(slot->room));
        slot->room = slot->buffers.base ? slot->room : 0;
    }
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

/* What a range of an item is read from: the item's own chunks, or those of its master, rounded. */
struct source {
    const struct reader_item *item;
    bool rounded;
    struct range range; /* of the result */
    uint8_t *out;
};

/* What of the result chunk `index` of the source's item gives. */
static struct range given_by(const struct source *source, uint64_t index) {
    const struct layout layout = {source->item->extent.bytes, source->item->extent.chunk_bytes};
    struct range range = layout_chunk(&layout, index);
    return source->rounded ? (struct range){range.from / 2, range.to / 2} : range;
}

static enum satsync_status read_chunk(struct satsync_reader *reader, const struct source *source,
                                      uint64_t index, struct satsync_error *error) {
    const struct reader_item *item = source->item;
    const struct index_chunk *chunk = &reader->chunks[item->extent.first_chunk + index];
    const struct range given = given_by(source, index);
    uint64_t from = given.from > source->range.from ? given.from : source->range.from;
    uint64_t to = given.to < source->range.to ? given.to : source->range.to;
    struct reader_slot *slot = take_slot(reader);
    ENSURE(slot_allocate(slot, chunk, reader->engine->allocator) == SATSYNC_OK, error,
           SATSYNC_NO_MEMORY, "restore", "no memory for staging");
    TRY(reader_chunk_read(reader, chunk, &slot->buffers, error));
    slot->reader = reader;
    slot->chunk = *chunk;
    slot->place = (struct seal_place){.kind = item->kind,
                                      .item = item->number,
                                      .position = index * item->extent.chunk_bytes,
                                      .raw_bytes = chunk->raw_bytes};
    slot->rounded = source->rounded;
    slot->skip = from - given.from;
    slot->want = to - from;
    slot->out = source->out + (from - source->range.from);
    slot->task.run = slot_run;
    slot->busy = true;
    exec_submit(reader->engine->exec, &slot->task);
    return SATSYNC_OK;
}

/* The part of the source's range that a derived chunk holds. */
static enum satsync_status read_derived(struct satsync_reader *reader, const struct source *source,
                                        uint64_t index, struct satsync_error *error) {
    const struct range given = given_by(source, index);
    const struct index_chunk *chunk = &reader->chunks[source->item->extent.first_chunk + index];
    struct source master = {.item = &reader->tensors.at[chunk->master], .rounded = true};
    master.range.from = given.from > source->range.from ? given.from : source->range.from;
    master.range.to = given.to < source->range.to ? given.to : source->range.to;
    master.out = source->out + (master.range.from - source->range.from);
    const struct layout layout = {master.item->extent.bytes, master.item->extent.chunk_bytes};
    struct range overlap = layout_overlap(&layout, 2 * master.range.from, 2 * master.range.to);
    for (uint64_t i = overlap.from; i < overlap.to; i++) {
        TRY(read_chunk(reader, &master, i, error));
    }
    return SATSYNC_OK;
}

enum satsync_status reader_read(struct satsync_reader *reader, const struct reader_item *item,
                                struct range range, uint8_t *out, struct satsync_error *error) {
    const struct layout layout = {item->extent.bytes, item->extent.chunk_bytes};
    const struct source source = {item, false, range, out};
    enum satsync_status status = SATSYNC_OK;
    struct range overlap = layout_overlap(&layout, range.from, range.to);
    for (uint64_t i = overlap.from; i < overlap.to && status == SATSYNC_OK; i++) {
        bool is_derived = reader->chunks[item->extent.first_chunk + i].is_derived;
        status = (is_derived ? read_derived : read_chunk)(reader, &source, i, error);
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
        if (root->packs[i].algorithm == MANIFEST_PARITY_ALGORITHM) {
            continue;
        }
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
        slot_release(&reader->slots[i], allocator);
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
