#include "engine/save.h"

#include "base/check.h"
#include "codec/checksum.h"
#include "engine/masters.h"
#include "engine/save_base.h"
#include "engine/scratch.h"
#include "engine/staging.h"

#include <string.h>

static enum satsync_status failure(struct satsync_save *save, struct satsync_error *error) {
    if (save->status != SATSYNC_OK && error) {
        *error = save->error;
    }
    return save->status;
}

enum satsync_status save_take_slot(struct satsync_save *save, struct save_slot **result,
                                   struct satsync_error *error) {
    *result = NULL;
    monitor_lock(save->monitor);
    while (save->submitted - save->appended == save->slot_count && save->status == SATSYNC_OK) {
        monitor_wait(save->monitor);
    }
    enum satsync_status status = failure(save, error);
    struct save_slot *slot = &save->slots[save->submitted % save->slot_count];
    monitor_unlock(save->monitor);
    TRY(status);
    if (!slot->staging.raw) {
        ENSURE(staging_take(save->engine, save->chunk_bytes, &slot->staging) == SATSYNC_OK, error,
               SATSYNC_NO_MEMORY, "save", "no memory for staging; lower the engine's memory_bytes");
    }
    *result = slot;
    return SATSYNC_OK;
}

static void set_failure(struct satsync_save *save, const struct satsync_error *error) {
    if (save->status == SATSYNC_OK) {
        save->status = error->status;
        save->error = *error;
    }
}

static struct seal_place place_of(const struct satsync_save *save, const struct save_slot *slot) {
    struct seal_place place = {.step = save->step,
                               .kind = slot->item.kind,
                               .codec = slot->chunk.own.codec,
                               .item = slot->item.number,
                               .position = slot->position,
                               .raw_bytes = slot->raw_bytes,
                               .extent = slot->sequence};
    memcpy(place.store_id, save->store->identity.store_id, sizeof place.store_id);
    return place;
}

static enum satsync_status code(struct satsync_save *save, struct save_slot *slot,
                                size_t *coded_bytes, struct satsync_error *error) {
    struct codec_scratch *scratch = scratch_take(save->engine, save->chunk_bytes);
    ENSURE(scratch, error, SATSYNC_NO_MEMORY, "save", "no memory for coding");
    const struct codec_input input = {.wish = save->codec,
                                      .width = slot->item.width,
                                      .floating = slot->item.floating,
                                      .raw = slot->staging.raw,
                                      .raw_bytes = slot->raw_bytes};
    enum satsync_status status = save_base_try(save, slot, scratch, coded_bytes, error);
    if (status == SATSYNC_OK && !slot->referred && *coded_bytes == 0) {
        status = codec_encode(scratch, &input, slot->staging.sealed, coded_bytes);
    }
    scratch_give(save->engine, scratch, save->chunk_bytes);
    ENSURE(status == SATSYNC_OK, error, status, "save", "no memory for coding");
    return SATSYNC_OK;
}

static enum satsync_status code_and_seal(struct satsync_save *save, struct save_slot *slot,
                                         struct satsync_error *error) {
    size_t coded_bytes = 0;
    slot->referred = false;
    if (slot->master) {
        masters_try(save, slot);
    }
    if (!slot->referred) {
        TRY(code(save, slot, &coded_bytes, error));
    }
    if (slot->referred) {
        return SATSYNC_OK;
    }
    slot->sealed_bytes = coded_bytes + SEAL_TAG_BYTES;
    slot->chunk.raw_bytes = (uint32_t)slot->raw_bytes;
    uint32_t pack = (uint32_t)(slot->sequence % save->pack_count);
    slot->chunk.own = (struct index_extent){.pack = pack,
                                            .extent = slot->sequence,
                                            .sealed_bytes = (uint32_t)slot->sealed_bytes,
                                            .codec = slot->staging.sealed[0]};
    const struct seal_place place = place_of(save, slot);
    seal_close(&save->keys[pack], &place, slot->staging.sealed, coded_bytes, slot->staging.sealed);
    return SATSYNC_OK;
}

/* Adds a sealed extent to its pack and table; sets where it lies. One thread at a time. */
static enum satsync_status append_extent(struct satsync_save *save, const uint8_t *sealed,
                                         struct index_extent *extent, struct satsync_error *error) {
    struct save_pack *pack = &save->packs[extent->pack];
    uint8_t checksum[CHECKSUM_BYTES];
    checksum_of(sealed, extent->sealed_bytes, checksum);
    TRY(save->store->chunks->ops->pack_append(pack->writer, sealed, extent->sealed_bytes,
                                              &extent->offset, error));
    assert(extent->offset == pack->table.end);
    enum satsync_status status = extent_table_add(&pack->table, extent->sealed_bytes, checksum);
    ENSURE(status == SATSYNC_OK, error, status, "save", "too many chunks, or no memory");
    save->sealed_total += extent->sealed_bytes;
    return SATSYNC_OK;
}

static enum satsync_status append_slot(struct satsync_save *save, struct save_slot *slot,
                                       struct satsync_error *error) {
    if (!slot->referred) {
        TRY(append_extent(save, slot->staging.sealed, &slot->chunk.own, error));
    }
    struct index_chunk *chunk = save_list_add(save, &save->chunks, sizeof *chunk);
    ENSURE(chunk, error, SATSYNC_NO_MEMORY, "save", "no memory for the index");
    *chunk = slot->chunk;
    return SATSYNC_OK;
}

static void report_progress(struct satsync_save *save, uint64_t raw_bytes, uint64_t stored_bytes) {
    save->appended_bytes += raw_bytes;
    if (save->operation) {
        struct satsync_progress *progress = operation_progress_lock(save->operation);
        progress->done_bytes = save->appended_bytes;
        progress->stored_bytes = stored_bytes;
        operation_progress_unlock(save->operation);
    }
}

/* Appends what is next in order, while it is done. Called with the monitor held and `appending` set
 * by this thread; the lock is given up during each write. */
static void append_ready(struct satsync_save *save) {
    while (save->appended < save->submitted) {
        struct save_slot *slot = &save->slots[save->appended % save->slot_count];
        if (!slot->done) {
            break;
        }
        bool failed = save->status != SATSYNC_OK;
        monitor_unlock(save->monitor);
        struct satsync_error error = {0};
        if (!failed) {
            failed = append_slot(save, slot, &error) != SATSYNC_OK;
        }
        uint64_t sealed_total = save->sealed_total;
        size_t raw_bytes = slot->raw_bytes;
        monitor_lock(save->monitor);
        if (failed && error.status != SATSYNC_OK) {
            set_failure(save, &error);
        }
        slot->done = false;
        save->appended++;
        report_progress(save, raw_bytes, sealed_total);
        monitor_wake_all(save->monitor);
    }
}

static void slot_run(struct task *task, size_t worker) {
    (void)worker;
    struct save_slot *slot = (struct save_slot *)task;
    struct satsync_save *save = slot->save;
    struct satsync_error error = {0};
    enum satsync_status status = code_and_seal(save, slot, &error);
    monitor_lock(save->monitor);
    if (status != SATSYNC_OK) {
        set_failure(save, &error);
    }
    slot->done = true;
    if (!save->appending) {
        save->appending = true;
        append_ready(save);
        save->appending = false;
        monitor_wake_all(save->monitor);
    }
    monitor_unlock(save->monitor);
}

void save_submit(struct satsync_save *save, struct save_slot *slot) {
    slot->task.run = slot_run;
    slot->save = save;
    slot->master = save->masters ? masters_find(save->masters, slot) : NULL;
    monitor_lock(save->monitor);
    slot->sequence = save->submitted++;
    save->raw_bytes += slot->raw_bytes;
    monitor_unlock(save->monitor);
    exec_submit(save->engine->exec, &slot->task);
}

enum satsync_status save_drain(struct satsync_save *save, struct satsync_error *error) {
    monitor_lock(save->monitor);
    while (save->appended < save->submitted || save->appending) {
        monitor_wait(save->monitor);
    }
    enum satsync_status status = failure(save, error);
    monitor_unlock(save->monitor);
    return status;
}

enum satsync_status save_append(struct satsync_save *save, const struct seal_place *place,
                                uint8_t *coded, size_t coded_bytes, struct index_extent *extent,
                                struct satsync_error *error) {
    assert(place->extent == save->submitted && save->appended == save->submitted);
    *extent = (struct index_extent){.pack = (uint32_t)(place->extent % save->pack_count),
                                    .extent = place->extent,
                                    .sealed_bytes = (uint32_t)(coded_bytes + SEAL_TAG_BYTES),
                                    .codec = place->codec};
    seal_close(&save->keys[extent->pack], place, coded, coded_bytes, coded);
    save->submitted++;
    save->appended++;
    return append_extent(save, coded, extent, error);
}

void *save_list_add(struct satsync_save *save, struct save_list *list, size_t element_bytes) {
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 64;
        void *larger = memory_grow(save->engine->allocator, list->at, list->count * element_bytes,
                                   capacity * element_bytes);
        if (!larger) {
            return NULL;
        }
        list->at = larger;
        list->capacity = capacity;
    }
    return (uint8_t *)list->at + list->count++ * element_bytes;
}

struct save_item save_item_begin(struct satsync_save *save, enum seal_kind kind, uint64_t number,
                                 uint64_t bytes, const struct dtype_row *row) {
    struct save_item item = {.kind = kind,
                             .number = number,
                             .row = row,
                             .width = row ? row->width : 1,
                             .floating = row && row->floating};
    item.layout = layout_of(bytes, row ? row->bytes : 1, save->chunk_bytes);
    item.base = save_base_item(save, &item, row);
    monitor_lock(save->monitor);
    item.first_chunk = save->submitted;
    monitor_unlock(save->monitor);
    return item;
}

struct index_run save_item_extent(const struct save_item *item) {
    return (struct index_run){.bytes = item->layout.bytes,
                              .first_chunk = item->first_chunk,
                              .chunk_bytes = (uint32_t)item->layout.chunk_bytes};
}

enum satsync_status save_item_copy(struct satsync_save *save, const struct save_item *item,
                                   const void *data, struct satsync_error *error) {
    uint64_t count = layout_count(&item->layout);
    for (uint64_t i = 0; i < count; i++) {
        struct range range = layout_chunk(&item->layout, i);
        struct save_slot *slot;
        TRY(save_take_slot(save, &slot, error));
        slot->item = *item;
        slot->position = range.from;
        slot->raw_bytes = (size_t)(range.to - range.from);
        memcpy(slot->staging.raw, (const uint8_t *)data + range.from, slot->raw_bytes);
        save_submit(save, slot);
    }
    return SATSYNC_OK;
}

static void free_records(struct satsync_save *save) {
    const struct allocator *allocator = save->engine->allocator;
    struct save_file *files = save->files.at;
    for (size_t i = 0; i < save->files.count; i++) {
        memory_free(allocator, files[i].name);
    }
    struct save_tensor *tensors = save->tensors.at;
    for (size_t i = 0; i < save->tensors.count; i++) {
        memory_free(allocator, tensors[i].name);
        memory_free(allocator, tensors[i].shape);
    }
    struct save_blob *blobs = save->blobs.at;
    for (size_t i = 0; i < save->blobs.count; i++) {
        memory_free(allocator, blobs[i].name);
    }
    memory_free(allocator, files);
    memory_free(allocator, tensors);
    memory_free(allocator, blobs);
    memory_free(allocator, save->chunks.at);
}

void save_free(struct satsync_save *save) {
    const struct allocator *allocator = save->engine->allocator;
    for (unsigned i = 0; save->packs && i < save->pack_count; i++) {
        if (save->packs[i].writer) {
            save->store->chunks->ops->pack_abandon(save->packs[i].writer);
        }
        extent_table_fini(&save->packs[i].table);
    }
    memory_free(allocator, save->packs);
    secret_free(save->keys);
    save_base_close(save);
    masters_free(save->masters);
    free_records(save);
    for (size_t i = 0; save->slots && i < save->slot_count; i++) {
        staging_give(save->engine, save->chunk_bytes, &save->slots[i].staging);
    }
    memory_free(allocator, save->slots);
    monitor_free(save->monitor, allocator);
    satsync_store_close(save->store);
    memory_free(allocator, save);
}
