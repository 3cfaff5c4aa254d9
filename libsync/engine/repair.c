/* Looks at every byte of stored packs and makes lost and damaged ones again from parity. */
#include "base/bytes.h"
#include "base/check.h"
#include "base/map.h"
#include "engine/pack_array.h"

#include <stdio.h>
#include <string.h>

struct repair {
    struct satsync_store *store;
    struct satsync_repair_options options;
    struct satsync_repair_report *report;
    uint64_t step;
    struct map seen;           /* packs that were looked at, by the beginning of their ids */
    enum satsync_status first; /* of what could not be mended */
    struct satsync_error first_error;
};

/* SATSYNC_OK: it was mended, or with dry_run could be. */
static void note(struct repair *repair, enum satsync_status status, const char *what) {
    struct satsync_repair_report *report = repair->report;
    if (report->damages && report->damaged < report->capacity) {
        struct satsync_damage *damage = &report->damages[report->damaged];
        *damage = (struct satsync_damage){.step = repair->step, .status = status};
        snprintf(damage->what, sizeof damage->what, "%s", what);
    }
    report->damaged++;
    report->mended += status == SATSYNC_OK;
    if (status != SATSYNC_OK && repair->first == SATSYNC_OK) {
        char subject[32];
        store_step_text(repair->step, subject);
        repair->first = error_set(&repair->first_error, status, subject, "%s", what);
    }
}

static void note_pack(struct repair *repair, const struct pack_array *array, unsigned member,
                      const struct satsync_error *why) {
    const struct manifest_pack *pack = &array->packs[member];
    bool is_lost = !array->members[member].reader;
    char id[PACK_TEXT_BYTES];
    char what[256];
    for (int i = 0; i < PACK_ID_BYTES; i++) {
        snprintf(id + 2 * i, 3, "%02x", pack->id[i]);
    }
    snprintf(what, sizeof what, "pack %s is %s%s%.160s", id, is_lost ? "lost" : "damaged",
             why                       ? "; "
             : repair->options.dry_run ? "; parity can mend it"
                                       : "; mended from parity",
             why ? why->message : "");
    note(repair, !why ? SATSYNC_OK : is_lost ? SATSYNC_INCOMPLETE : SATSYNC_CORRUPT, what);
}

/* What was written is read again: a disk that rots may do so at once. */
static enum satsync_status look_again(struct repair *repair, const struct pack_array *array,
                                      const struct manifest_array *shape,
                                      struct satsync_error *error) {
    struct pack_array again;
    enum satsync_status status = pack_array_open(&again, repair->store, array->packs, shape, error);
    if (status == SATSYNC_OK) {
        status = pack_array_check(&again, error);
    }
    unsigned damaged = 0;
    for (unsigned i = 0; status == SATSYNC_OK && i < again.data + again.parity; i++) {
        damaged += pack_array_is_damaged(&again, i);
    }
    pack_array_close(&again);
    TRY(status);
    ENSURE(damaged == 0, error, SATSYNC_CORRUPT, "repair",
           "what was mended reads damaged again; this disk is failing");
    return SATSYNC_OK;
}

static enum satsync_status mend(struct repair *repair, struct pack_array *array,
                                const struct manifest_array *shape, struct satsync_error *error) {
    bool wanted[MANIFEST_ARRAY_PACKS_MAX] = {false};
    ENSURE(array->parity > 0, error, SATSYNC_CORRUPT, "repair",
           "it was saved without parity; fetch the checkpoint from another site");
    if (repair->options.dry_run) {
        return pack_array_try(array, error);
    }
    for (unsigned i = 0; i < array->data + array->parity; i++) {
        wanted[i] = pack_array_is_damaged(array, i);
    }
    TRY(pack_array_write(array, wanted, error));
    TRY(pack_array_replace(array, error));
    return look_again(repair, array, shape, error);
}

static enum satsync_status look_at(struct repair *repair, struct pack_array *array,
                                   const struct manifest_array *shape,
                                   struct satsync_error *error) {
    unsigned count = array->data + array->parity;
    unsigned damaged = 0;
    TRY(pack_array_check(array, error));
    repair->report->packs += count;
    repair->report->checked_bytes += array->checked_bytes;
    for (unsigned i = 0; i < count; i++) {
        damaged += pack_array_is_damaged(array, i);
    }
    if (damaged == 0) {
        return SATSYNC_OK;
    }
    struct satsync_error why = {0};
    enum satsync_status status = mend(repair, array, shape, &why);
    if (satsync_status_class(status) == SATSYNC_CLASS_RESOURCE) {
        *error = why; /* no memory, no space: nothing is said of the packs */
        return status;
    }
    for (unsigned i = 0; i < count; i++) {
        if (pack_array_is_damaged(array, i)) {
            note_pack(repair, array, i, status == SATSYNC_OK ? NULL : &why);
        }
    }
    return SATSYNC_OK;
}

static enum satsync_status repair_array(struct repair *repair, struct manifest *root,
                                        const struct manifest_array *shape,
                                        struct satsync_error *error) {
    uint64_t key = load_le64(root->packs[shape->first].id);
    if (map_get(&repair->seen, key)) {
        return SATSYNC_OK; /* as part of a newer or older checkpoint */
    }
    ENSURE(map_set(&repair->seen, key, 1) == SATSYNC_OK, error, SATSYNC_NO_MEMORY, "repair",
           "out of memory");
    struct pack_array array;
    enum satsync_status status =
        pack_array_open(&array, repair->store, root->packs + shape->first, shape, error);
    if (status == SATSYNC_OK) {
        status = look_at(repair, &array, shape, error);
    }
    pack_array_close(&array);
    return status;
}

static enum satsync_status repair_packs(struct repair *repair, struct manifest *root,
                                        struct satsync_error *error) {
    for (uint32_t i = 0; i < root->pack_count;) {
        const struct manifest_array *array = manifest_array_of(root, i);
        const struct manifest_array alone = {.first = i, .data = 1};
        array = array ? array : &alone;
        TRY(repair_array(repair, root, array, error));
        i += (uint32_t)array->data + array->parity;
    }
    return SATSYNC_OK;
}

static enum satsync_status repair_step(struct repair *repair, uint64_t step,
                                       struct satsync_error *error) {
    struct store_manifest manifest;
    struct satsync_error found = {0};
    repair->step = step;
    repair->report->checkpoints++;
    enum satsync_status status = store_manifest_read(repair->store, step, &manifest, &found);
    if (satsync_status_class(status) == SATSYNC_CLASS_INTEGRITY) {
        note(repair, status, found.message);
        return SATSYNC_OK;
    }
    if (status != SATSYNC_OK) {
        *error = found;
        return status;
    }
    status = repair_packs(repair, &manifest.root, error);
    store_manifest_fini(&manifest);
    return status;
}

static enum satsync_status repair_all(struct repair *repair, struct satsync_error *error) {
    size_t count;
    TRY(satsync_store_steps(repair->store, NULL, 0, &count, error));
    const struct allocator *allocator = repair->store->engine->allocator;
    size_t room = count + 16; /* saves may go on meanwhile; what comes later is not looked at */
    uint64_t *steps = memory_new(allocator, room, sizeof *steps);
    ENSURE(steps, error, SATSYNC_NO_MEMORY, "repair", "out of memory");
    enum satsync_status status = satsync_store_steps(repair->store, steps, room, &count, error);
    for (size_t i = 0; i < count && i < room && status == SATSYNC_OK; i++) {
        status = repair_step(repair, steps[i], error);
        if (status == SATSYNC_NOT_FOUND) {
            status = SATSYNC_OK; /* removed meanwhile */
        }
    }
    memory_free(allocator, steps);
    return status;
}

enum satsync_status satsync_store_repair(struct satsync_store *store, uint64_t step,
                                         const struct satsync_repair_options *given,
                                         struct satsync_repair_report *report,
                                         struct satsync_error *error) {
    engine_check_process(store->engine);
    struct satsync_error unused;
    struct repair repair = {.store = store, .report = report};
    struct satsync_error *told = error ? error : &unused;
    satsync_repair_options_init(&repair.options);
    TRY(options_size_check(given, given->size, sizeof repair.options, "repair options", error));
    memcpy(&repair.options, given,
           given->size < sizeof repair.options ? given->size : sizeof repair.options);
    report->checkpoints = report->packs = report->checked_bytes = 0;
    report->damaged = report->mended = 0;
    map_init(&repair.seen, store->engine->allocator);
    enum satsync_status status =
        step == SATSYNC_ALL_STEPS ? repair_all(&repair, told) : repair_step(&repair, step, told);
    map_fini(&repair.seen);
    TRY(status);
    if (repair.first != SATSYNC_OK) {
        *told = repair.first_error;
    }
    return repair.first;
}
