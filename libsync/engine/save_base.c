#include "engine/save_base.h"

#include "base/check.h"
#include "codec/delta.h"
#include "engine/staging.h"

#include <string.h>

struct save_base {
    struct satsync_reader *reader;
    bool reading; /* protected by the save's monitor: one worker at a time */
};

/* The newest step before `step`. */
static enum satsync_status find_newest(struct satsync_store *store, uint64_t step, bool *found,
                                       uint64_t *newest, struct satsync_error *error) {
    size_t count;
    *found = false;
    TRY(satsync_store_steps(store, NULL, 0, &count, error));
    size_t room = count + 16; /* others may save meanwhile */
    uint64_t *steps = memory_new(store->engine->allocator, room, sizeof *steps);
    ENSURE(steps, error, SATSYNC_NO_MEMORY, "save", "out of memory");
    enum satsync_status status = satsync_store_steps(store, steps, room, &count, error);
    for (size_t i = 0; status == SATSYNC_OK && i < count && i < room; i++) {
        if (steps[i] < step) { /* they are in ascending order */
            *newest = steps[i];
            *found = true;
        }
    }
    memory_free(store->engine->allocator, steps);
    return status;
}

static enum satsync_status open_reader(struct satsync_save *save, uint64_t step,
                                       struct satsync_reader **reader,
                                       struct satsync_error *error) {
    TRY(satsync_reader_open(save->store, step, reader, error));
    if (memcmp((*reader)->manifest.root.store_id, save->store->identity.store_id,
               SEAL_STORE_ID_BYTES) != 0) {
        satsync_reader_close(*reader);
        *reader = NULL;
        char subject[32];
        store_step_text(step, subject);
        return error_set(error, SATSYNC_UNSUPPORTED, subject,
                         "it was first saved to another store, whose chunks this one cannot refer "
                         "to; choose a base that was saved here");
    }
    return SATSYNC_OK;
}

enum satsync_status save_base_open(struct satsync_save *save,
                                   const struct satsync_save_options *options,
                                   struct satsync_error *error) {
    bool wanted = options->base == SATSYNC_BASE_STEP;
    uint64_t step = options->base_step;
    if (options->base == SATSYNC_BASE_AUTO) {
        TRY(find_newest(save->store, options->step, &wanted, &step, error));
    }
    if (!wanted) {
        return SATSYNC_OK;
    }
    struct satsync_reader *reader;
    enum satsync_status status = open_reader(save, step, &reader, error);
    if (status != SATSYNC_OK) {
        /* Whatever is wrong with an old checkpoint, a new one can be saved whole. */
        bool whole = options->base == SATSYNC_BASE_AUTO && status != SATSYNC_NO_MEMORY;
        return whole ? SATSYNC_OK : status;
    }
    save->base = memory_new(save->engine->allocator, 1, sizeof *save->base);
    if (!save->base) {
        satsync_reader_close(reader);
        return error_set(error, SATSYNC_NO_MEMORY, "save", "out of memory");
    }
    save->base->reader = reader;
    return SATSYNC_OK;
}

void save_base_close(struct satsync_save *save) {
    if (save->base) {
        satsync_reader_close(save->base->reader);
        memory_free(save->engine->allocator, save->base);
        save->base = NULL;
    }
}

/* A seal binds an extent to its item's kind and number, so only that item will do. */
const struct reader_item *save_base_item(const struct satsync_save *save,
                                         const struct save_item *item,
                                         const struct dtype_row *row) {
    if (!save->base) {
        return NULL;
    }
    const struct satsync_reader *reader = save->base->reader;
    const struct reader_list *list = item->kind == SEAL_TENSOR ? &reader->tensors
                                     : item->kind == SEAL_BLOB ? &reader->blobs
                                                               : &reader->files;
    if (item->number >= list->count) {
        return NULL;
    }
    const struct reader_item *base = &list->at[item->number];
    bool alike = base->extent.bytes == item->layout.bytes &&
                 base->extent.chunk_bytes == item->layout.chunk_bytes &&
                 (!row || dtype_row(base->dtype) == row);
    return alike ? base : NULL;
}

/* The reader's store handle has one user at a time; opening and decoding need no turns. */
static enum satsync_status read_chunk(struct satsync_save *save, const struct save_slot *slot,
                                      const struct index_chunk *chunk, const struct staging *spare,
                                      struct satsync_error *error) {
    const struct reader_buffers buffers = {spare->sealed, slot->staging.sealed};
    const struct seal_place place = {.kind = slot->item.kind,
                                     .item = slot->item.number,
                                     .position = slot->position,
                                     .raw_bytes = slot->raw_bytes};
    struct save_base *base = save->base;
    monitor_lock(save->monitor);
    while (base->reading) {
        monitor_wait(save->monitor);
    }
    base->reading = true;
    monitor_unlock(save->monitor);
    enum satsync_status status = reader_chunk_read(base->reader, chunk, &buffers, error);
    monitor_lock(save->monitor);
    base->reading = false;
    monitor_wake_all(save->monitor);
    monitor_unlock(save->monitor);
    TRY(status);
    return reader_chunk_open(base->reader, chunk, &place, &buffers, spare->raw, error);
}

/* The save's own packs come first; see save_packs_init. */
static struct index_extent shifted(const struct satsync_save *save, struct index_extent extent) {
    extent.pack += save->pack_count + save->parity_count;
    return extent;
}

/* spare->raw holds the base's bytes. A difference is worth its second read when it saves at least
 * an eighth of what the base itself takes, which is about what this chunk would. */
static enum satsync_status code_difference(struct save_slot *slot, struct codec_scratch *scratch,
                                           const struct index_extent *base,
                                           const struct staging *spare, size_t *coded_bytes) {
    const struct codec_input input = {.width = slot->item.width,
                                      .floating = slot->item.floating,
                                      .raw = slot->staging.raw,
                                      .raw_bytes = slot->raw_bytes};
    const struct delta_room room = {spare->raw, spare->sealed};
    TRY(delta_encode(scratch, &input, &room, slot->staging.sealed, coded_bytes));
    if (*coded_bytes > base->sealed_bytes - base->sealed_bytes / 8) {
        *coded_bytes = 0;
    }
    slot->chunk.has_base = *coded_bytes > 0;
    slot->chunk.base = shifted(slot->save, *base);
    return SATSYNC_OK;
}

static enum satsync_status compare(struct satsync_save *save, struct save_slot *slot,
                                   struct codec_scratch *scratch, const struct staging *spare,
                                   size_t *coded_bytes) {
    const struct index_run *run = &slot->item.base->extent;
    struct index_chunk chunk =
        save->base->reader->chunks[run->first_chunk + slot->position / run->chunk_bytes];
    struct satsync_error unread; /* a base that cannot be read, or is derived, is none */
    if (chunk.is_derived || read_chunk(save, slot, &chunk, spare, &unread) != SATSYNC_OK) {
        return SATSYNC_OK;
    }
    if (memcmp(spare->raw, slot->staging.raw, slot->raw_bytes) == 0) {
        slot->referred = true;
        slot->chunk = chunk;
        slot->chunk.own = shifted(save, chunk.own);
        slot->chunk.base = shifted(save, chunk.base);
        return SATSYNC_OK;
    }
    if (chunk.has_base) {
        chunk = (struct index_chunk){.raw_bytes = chunk.raw_bytes, .own = chunk.base};
        if (read_chunk(save, slot, &chunk, spare, &unread) != SATSYNC_OK) {
            return SATSYNC_OK;
        }
    }
    return code_difference(slot, scratch, &chunk.own, spare, coded_bytes);
}

enum satsync_status save_base_try(struct satsync_save *save, struct save_slot *slot,
                                  struct codec_scratch *scratch, size_t *coded_bytes,
                                  struct satsync_error *error) {
    *coded_bytes = 0;
    slot->chunk = (struct index_chunk){0};
    if (!slot->item.base) {
        return SATSYNC_OK;
    }
    struct staging spare;
    ENSURE(staging_take(save->engine, save->chunk_bytes, &spare) == SATSYNC_OK, error,
           SATSYNC_NO_MEMORY, "save", "no memory to compare with the base");
    enum satsync_status status = compare(save, slot, scratch, &spare, coded_bytes);
    staging_give(save->engine, save->chunk_bytes, &spare);
    ENSURE(status == SATSYNC_OK, error, status, "save", "no memory for coding");
    return SATSYNC_OK;
}

/* Names a pack of the base, and with it those that make up for its loss. */
static void name_pack(struct save_packs *packs, const struct satsync_reader *base, uint32_t pack) {
    const struct manifest *root = &base->manifest.root;
    const struct manifest_array *array = manifest_array_of(root, pack);
    uint32_t first = array ? array->first : pack;
    uint32_t count = array ? (uint32_t)array->data + array->parity : 1;
    if (array) {
        packs->arrays[packs->array_count] = *array;
        packs->arrays[packs->array_count++].first = (uint32_t)packs->count;
    }
    for (uint32_t i = first; i < first + count; i++) {
        bool has_key = root->packs[i].algorithm != MANIFEST_PARITY_ALGORITHM;
        packs->numbers[i] = (uint32_t)packs->count;
        packs->at[packs->count] = root->packs[i];
        packs->keys[packs->count++] = has_key ? base->keys[i].bytes : NULL;
    }
}

/* Until now a number beyond the own packs stands for a pack of the base. The new number is given
 * when a pack is first met. */
static void renumber(struct save_packs *packs, const struct satsync_reader *base,
                     struct index_extent *extent) {
    if (extent->pack < packs->own) {
        return;
    }
    uint32_t old = extent->pack - packs->own;
    if (packs->numbers[old] == 0) {
        name_pack(packs, base, old);
    }
    extent->pack = packs->numbers[old];
    packs->referred_bytes += extent->sealed_bytes;
}

static void name_own(struct satsync_save *save, struct save_packs *packs) {
    for (unsigned i = 0; i < save->pack_count; i++) {
        packs->keys[i] = save->keys[i].bytes;
    }
    if (save->parity_count > 0) {
        packs->arrays[packs->array_count++] =
            (struct manifest_array){0, (uint8_t)save->pack_count, (uint8_t)save->parity_count};
    }
    packs->count = packs->own;
}

enum satsync_status save_packs_init(struct satsync_save *save, struct save_packs *packs,
                                    struct satsync_error *error) {
    const struct satsync_reader *base = save->base ? save->base->reader : NULL;
    const struct allocator *allocator = save->engine->allocator;
    *packs = (struct save_packs){.own = save->pack_count + save->parity_count};
    size_t most = packs->own + (base ? base->manifest.root.pack_count : 0);
    size_t most_arrays = 1 + (base ? base->manifest.root.array_count : 0);
    packs->at = memory_new(allocator, most, sizeof *packs->at);
    packs->keys = memory_new(allocator, most, sizeof *packs->keys);
    packs->numbers = memory_new(allocator, most, sizeof *packs->numbers);
    packs->arrays = memory_new(allocator, most_arrays, sizeof *packs->arrays);
    ENSURE(packs->at && packs->keys && packs->numbers && packs->arrays, error, SATSYNC_NO_MEMORY,
           "save", "no memory for the packs");
    name_own(save, packs);
    struct index_chunk *chunks = save->chunks.at;
    for (size_t i = 0; base && i < save->chunks.count; i++) {
        renumber(packs, base, &chunks[i].own);
        if (chunks[i].has_base) {
            renumber(packs, base, &chunks[i].base);
        }
    }
    return SATSYNC_OK;
}

void save_packs_fini(struct satsync_save *save, struct save_packs *packs) {
    memory_free(save->engine->allocator, packs->at);
    memory_free(save->engine->allocator, packs->keys);
    memory_free(save->engine->allocator, packs->numbers);
    memory_free(save->engine->allocator, packs->arrays);
}
