/*
 * Verifying stored checkpoints: first what anyone can check (signature, table, checksums, padding),
 * then, with a key, that every chunk opens in its place.
 */
#include "base/check.h"
#include "engine/pack_check.h"
#include "engine/reader.h"

#include <stdio.h>
#include <string.h>

struct verify {
    struct satsync_store *store;
    struct satsync_verify_report *report;
    bool is_quick; /* only what the manifest and the tables say */
    uint64_t step;
    const struct manifest_pack *pack;
    struct pack_reader *pack_reader;
    uint8_t *sealed;           /* with a key: room for any extent */
    enum satsync_status first; /* status of the first damage */
    struct satsync_error first_error;
};

static void add_damage(struct verify *verify, enum satsync_status status, const char *what) {
    struct satsync_verify_report *report = verify->report;
    if (report->damages && report->damaged < report->capacity) {
        struct satsync_damage *damage = &report->damages[report->damaged];
        *damage = (struct satsync_damage){.step = verify->step, .status = status};
        snprintf(damage->what, sizeof damage->what, "%s", what);
    }
    if (report->damaged++ == 0) {
        char subject[32];
        store_step_text(verify->step, subject);
        verify->first = error_set(&verify->first_error, status, subject, "%s", what);
    }
}

static void pack_text(const struct manifest_pack *pack, char out[PACK_TEXT_BYTES]) {
    for (int i = 0; i < PACK_ID_BYTES; i++) {
        snprintf(out + 2 * i, 3, "%02x", pack->id[i]);
    }
}

static enum satsync_status read_pack(void *context, uint64_t offset, void *data, size_t bytes,
                                     struct satsync_error *error) {
    struct verify *verify = context;
    return verify->store->chunks->ops->pack_read(verify->pack_reader, offset, data, bytes, error);
}

static void pack_damaged(void *context, uint64_t offset, uint64_t bytes) {
    struct verify *verify = context;
    char id[PACK_TEXT_BYTES];
    pack_text(verify->pack, id);
    char what[256];
    snprintf(what, sizeof what, "pack %s is damaged in bytes %llu to %llu", id,
             (unsigned long long)offset, (unsigned long long)(offset + bytes));
    add_damage(verify, SATSYNC_CORRUPT, what);
}

static enum satsync_status run_check(struct pack_check *check, bool is_quick,
                                     struct satsync_error *error) {
    bool done = is_quick;
    TRY(pack_check_begin(check, error));
    while (!done) {
        TRY(pack_check_step(check, &done, error));
    }
    return SATSYNC_OK;
}

/* Failures to read are damage as well: what cannot be read is not there. */
static void verify_pack(struct verify *verify, const struct manifest_pack *pack) {
    struct chunks *chunks = verify->store->chunks;
    struct pack_id id;
    memcpy(id.bytes, pack->id, sizeof id.bytes);
    struct satsync_error error = {0};
    enum satsync_status status = chunks->ops->pack_open(chunks, &id, &verify->pack_reader, &error);
    verify->pack = pack;
    if (status == SATSYNC_OK) {
        struct pack_check check = {.pack = pack,
                                   .actual_bytes = chunks->ops->pack_bytes(verify->pack_reader),
                                   .read = read_pack,
                                   .damage = pack_damaged,
                                   .context = verify,
                                   .counts_unreadable = true,
                                   .allocator = verify->store->engine->allocator};
        status = run_check(&check, verify->is_quick, &error);
        verify->report->checked_bytes += check.checked_bytes;
        pack_check_fini(&check);
        chunks->ops->pack_close(verify->pack_reader);
    }
    if (status != SATSYNC_OK) {
        char what[256];
        char text[PACK_TEXT_BYTES];
        pack_text(pack, text);
        snprintf(what, sizeof what, "pack %s cannot be read: %.180s", text, error.message);
        add_damage(verify, status == SATSYNC_NOT_FOUND ? SATSYNC_INCOMPLETE : status, what);
    }
}

static void verify_extent(struct verify *verify, struct satsync_reader *reader,
                          const struct index_extent *extent, const struct seal_place *chunk_place,
                          const struct reader_item *item) {
    const struct seal_place place = reader_place(reader, extent, chunk_place);
    struct satsync_error error = {0};
    enum satsync_status status = reader_extent(reader, extent, verify->sealed, &error);
    if (status == SATSYNC_OK) {
        status = seal_open(&reader->keys[extent->pack], &place, verify->sealed,
                           extent->sealed_bytes, verify->sealed);
    }
    if (status != SATSYNC_OK) {
        char what[256];
        snprintf(what, sizeof what, "%.160s, bytes %llu to %llu, does not authenticate", item->name,
                 (unsigned long long)place.position,
                 (unsigned long long)(place.position + place.raw_bytes));
        add_damage(verify, SATSYNC_CORRUPT, what);
    }
    verify->report->checked_bytes += extent->sealed_bytes;
}

static void verify_items(struct verify *verify, struct satsync_reader *reader,
                         const struct reader_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        const struct reader_item *item = &list->at[i];
        const struct layout layout = {item->extent.bytes, item->extent.chunk_bytes};
        uint64_t count = item->extent.bytes > 0 ? layout_count(&layout) : 0;
        for (uint64_t k = 0; k < count; k++) {
            const struct index_chunk *chunk = &reader->chunks[item->extent.first_chunk + k];
            if (chunk->is_derived) {
                continue; /* its master is looked at */
            }
            const struct seal_place place = {.kind = item->kind,
                                             .item = item->number,
                                             .position = layout_chunk(&layout, k).from,
                                             .raw_bytes = chunk->raw_bytes};
            verify_extent(verify, reader, &chunk->own, &place, item);
            if (chunk->has_base) {
                verify_extent(verify, reader, &chunk->base, &place, item);
            }
        }
    }
}

static enum satsync_status verify_with_key(struct verify *verify, struct satsync_error *error) {
    struct satsync_reader *reader;
    struct satsync_error found = {0};
    enum satsync_status status = satsync_reader_open(verify->store, verify->step, &reader, &found);
    if (status == SATSYNC_NO_KEY || status == SATSYNC_NO_MEMORY || status == SATSYNC_UNSUPPORTED) {
        *error = found;
        return status;
    }
    if (status != SATSYNC_OK) {
        add_damage(verify, status, found.message);
        return SATSYNC_OK;
    }
    const struct allocator *allocator = verify->store->engine->allocator;
    verify->sealed = memory_new(allocator, 1, codec_bound(CODEC_CHUNK_BYTES_MAX) + SEAL_TAG_BYTES);
    bool has_room = verify->sealed != NULL;
    if (has_room) {
        verify_items(verify, reader, &reader->files);
        verify_items(verify, reader, &reader->tensors);
        verify_items(verify, reader, &reader->blobs);
    }
    memory_free(allocator, verify->sealed);
    satsync_reader_close(reader);
    ENSURE(has_room, error, SATSYNC_NO_MEMORY, "verify", "no memory to read chunks");
    return SATSYNC_OK;
}

static enum satsync_status verify_step(struct verify *verify, uint64_t step,
                                       struct satsync_error *error) {
    verify->step = step;
    verify->report->checkpoints++;
    struct store_manifest manifest;
    struct satsync_error found = {0};
    enum satsync_status status = store_manifest_read(verify->store, step, &manifest, &found);
    if (status == SATSYNC_NOT_FOUND || status == SATSYNC_NO_MEMORY) {
        *error = found;
        return status;
    }
    if (status != SATSYNC_OK) {
        add_damage(verify, status, found.message);
        return SATSYNC_OK;
    }
    for (size_t i = 0; i < manifest.root.pack_count; i++) {
        verify_pack(verify, &manifest.root.packs[i]);
    }
    store_manifest_fini(&manifest);
    return verify->report->authenticated ? verify_with_key(verify, error) : SATSYNC_OK;
}

static enum satsync_status verify_all(struct verify *verify, struct satsync_error *error) {
    size_t count;
    TRY(satsync_store_steps(verify->store, NULL, 0, &count, error));
    const struct allocator *allocator = verify->store->engine->allocator;
    size_t room = count + 16; /* saves may go on meanwhile; what comes later is not looked at */
    uint64_t *steps = memory_new(allocator, room, sizeof *steps);
    ENSURE(steps, error, SATSYNC_NO_MEMORY, "verify", "out of memory");
    enum satsync_status status = satsync_store_steps(verify->store, steps, room, &count, error);
    for (size_t i = 0; i < count && i < room && status == SATSYNC_OK; i++) {
        status = verify_step(verify, steps[i], error);
    }
    memory_free(allocator, steps);
    return status;
}

static enum satsync_status run(struct verify *verify, uint64_t step, struct satsync_error *error) {
    struct satsync_verify_report *report = verify->report;
    struct satsync_error unused;
    engine_check_process(verify->store->engine);
    report->checkpoints = report->checked_bytes = report->damaged = 0;
    report->authenticated = verify->store->key != NULL && !verify->is_quick;
    enum satsync_status status = step == SATSYNC_ALL_STEPS
                                     ? verify_all(verify, error ? error : &unused)
                                     : verify_step(verify, step, error ? error : &unused);
    TRY(status);
    if (report->damaged > 0 && error) {
        *error = verify->first_error;
    }
    return verify->first;
}

enum satsync_status satsync_store_verify(struct satsync_store *store, uint64_t step,
                                         struct satsync_verify_report *report,
                                         struct satsync_error *error) {
    struct verify verify = {.store = store, .report = report};
    return run(&verify, step, error);
}

enum satsync_status satsync_store_verify_quick(struct satsync_store *store, uint64_t step,
                                               struct satsync_verify_report *report,
                                               struct satsync_error *error) {
    struct verify verify = {.store = store, .report = report, .is_quick = true};
    return run(&verify, step, error);
}
