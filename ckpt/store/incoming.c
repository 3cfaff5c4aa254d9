#include "ckpt/store/incoming.h"

#include "base/check.h"
#include "ckpt/store/incoming_part.h"
#include "ckpt/store/lock.h"
#include "ckpt/store/manifest_file.h"
#include "ckpt/store/stage.h"

#include <inttypes.h>
#include <string.h>

struct incoming {
    struct store *store;
    uint8_t digest[DIGEST_BYTES];
    struct journal journal;
    struct stage stage;
    struct incoming_part *parts;
    size_t count;
    bool is_committed;
    struct disk_boot boot; /* the last that the journal names */
    /* The first failure to write or sync. What is on disk is uncertain from there on: only the
     * journal knows, so the handle refuses everything until it is opened again. */
    enum satsync_status failed;
};

static enum satsync_status fail(struct incoming *incoming, enum satsync_status status) {
    incoming->failed = incoming->failed == SATSYNC_OK ? status : incoming->failed;
    return status;
}

static enum satsync_status refuse_if_failed(const struct incoming *incoming,
                                            struct satsync_error *error) {
    ENSURE(incoming->failed == SATSYNC_OK, error, incoming->failed, incoming->journal.path.text,
           "receiving stopped at an earlier failure (%s); open it again to go on from what is on "
           "disk",
           satsync_status_name(incoming->failed));
    return SATSYNC_OK;
}

static enum satsync_status hear(void *context, const struct claim *claim) {
    struct incoming *incoming = context;
    if (claim->kind == CLAIM_BOOT) {
        incoming->boot = (struct disk_boot){{claim->range.from, claim->range.to}};
        for (size_t i = 0; i < incoming->count; i++) {
            ranges_clear(&incoming->parts[i].fresh);
        }
        return SATSYNC_OK;
    }
    return claim->file < incoming->count ? incoming_part_hear(&incoming->parts[claim->file], claim)
                                         : SATSYNC_OK;
}

static enum satsync_status sync_names(struct store *store, const char *directory,
                                      struct satsync_error *error) {
    struct store_path path = layout_path(store, "%s", directory);
    return store->disk->ops->sync_directory(store->disk, path.text, error);
}

static enum satsync_status append_boot(struct incoming *incoming, struct disk_boot boot,
                                       struct satsync_error *error) {
    struct claim claim = {.kind = CLAIM_BOOT, .range = {boot.id[0], boot.id[1]}};
    return journal_append(&incoming->journal, &claim, 1, error);
}

/* Settles what the journal's claims are worth in this run of the machine. */
static enum satsync_status settle(struct incoming *incoming, struct satsync_error *error) {
    struct disk *disk = incoming->store->disk;
    struct disk_boot boot = disk->ops->boot(disk);
    bool is_known = boot.id[0] != 0 || boot.id[1] != 0;
    bool is_same = is_known && memcmp(&boot, &incoming->boot, sizeof boot) == 0;
    for (size_t i = 0; i < incoming->count; i++) {
        enum satsync_status status = incoming_part_heard(&incoming->parts[i], is_same);
        ENSURE(status == SATSYNC_OK, error, status, incoming->journal.path.text,
               "no memory for what it claims");
    }
    return is_same ? SATSYNC_OK : append_boot(incoming, boot, error);
}

static enum satsync_status open_all(struct incoming *incoming,
                                    const struct journal_subject *subject,
                                    struct satsync_error *error) {
    struct store *store = incoming->store;
    struct journal_listener listener = {.found = hear, .context = incoming};
    TRY(journal_open(store, subject, &listener, &incoming->journal, error));
    TRY(settle(incoming, error));
    for (size_t i = 0; i < incoming->count; i++) {
        TRY(incoming_part_open(&incoming->parts[i], &incoming->journal, subject, i, error));
    }
    TRY(sync_names(store, "packs", error));
    return sync_names(store, "incoming", error);
}

static void free_incoming(struct incoming *incoming) {
    struct store *store = incoming->store;
    stage_fini(&incoming->stage);
    for (size_t i = 0; incoming->parts && i < incoming->count; i++) {
        incoming_part_fini(&incoming->parts[i], store);
    }
    journal_close(&incoming->journal);
    memory_free(store->allocator, incoming->parts);
    memory_free(store->allocator, incoming);
}

static struct incoming *new_incoming(struct store *store, const struct journal_subject *subject) {
    struct incoming *incoming = memory_new(store->allocator, 1, sizeof *incoming);
    if (!incoming) {
        return NULL;
    }
    incoming->store = store;
    incoming->count = subject->count;
    memcpy(incoming->digest, subject->digest, DIGEST_BYTES);
    incoming->parts = memory_new(store->allocator, subject->count, sizeof *incoming->parts);
    if (!incoming->parts || stage_init(&incoming->stage, store) != SATSYNC_OK) {
        memory_free(store->allocator, incoming->parts);
        memory_free(store->allocator, incoming);
        return NULL;
    }
    for (size_t i = 0; i < subject->count; i++) {
        incoming_part_init(&incoming->parts[i], &subject->files[i], store->allocator);
    }
    return incoming;
}

enum satsync_status incoming_open(struct chunks *chunks, const uint8_t digest[32],
                                  const struct incoming_file *files, size_t count,
                                  struct incoming **incoming, struct satsync_error *error) {
    struct store *store = store_of(chunks);
    *incoming = NULL;
    ENSURE(!store->is_read_only, error, SATSYNC_READ_ONLY, store->root,
           "the store was opened for reading only");
    for (size_t i = 0; i < count; i++) {
        ENSURE(files[i].bytes <= INT64_MAX, error, SATSYNC_INVALID, store->root,
               "a file of %" PRIu64 " bytes cannot be", files[i].bytes);
    }
    struct journal_subject subject = {.digest = digest, .files = files, .count = count};
    struct incoming *opened = new_incoming(store, &subject);
    ENSURE(opened, error, SATSYNC_NO_MEMORY, store->root, "no memory to receive %zu packs", count);
    enum satsync_status status = open_all(opened, &subject, error);
    if (status != SATSYNC_OK) {
        free_incoming(opened);
        return status;
    }
    *incoming = opened;
    return SATSYNC_OK;
}

const struct ranges *incoming_have(const struct incoming *incoming, size_t index) {
    assert(index < incoming->count);
    return &incoming->parts[index].have;
}

enum satsync_status incoming_write(struct incoming *incoming, size_t index, uint64_t offset,
                                   const void *data, size_t bytes, struct satsync_error *error) {
    assert(index < incoming->count);
    TRY(refuse_if_failed(incoming, error));
    struct incoming_part *part = &incoming->parts[index];
    ENSURE(offset <= part->what.bytes && bytes <= part->what.bytes - offset, error, SATSYNC_INVALID,
           incoming->journal.path.text,
           "%zu bytes at %" PRIu64 " do not fit into a file of %" PRIu64, bytes, offset,
           part->what.bytes);
    if (ranges_cover(&part->have, offset, offset + bytes)) {
        return SATSYNC_OK;
    }
    struct flight_plan plan = {.kind = DISK_REQUEST_WRITE,
                               .file = part->file,
                               .data = (void *)(uintptr_t)data,
                               .bytes = bytes,
                               .offset = offset};
    enum satsync_status status = stage_put(&incoming->stage, &plan);
    if (status != SATSYNC_OK) {
        return flight_error(error, fail(incoming, status), incoming->journal.path.text,
                            "writing what arrived");
    }
    part->is_dirty = true;
    status = ranges_add(&part->fresh, offset, offset + bytes);
    status = status == SATSYNC_OK ? ranges_add(&part->untold, offset, offset + bytes) : status;
    status = status == SATSYNC_OK ? ranges_add(&part->have, offset, offset + bytes) : status;
    ENSURE(status == SATSYNC_OK, error, fail(incoming, status), incoming->journal.path.text,
           "too many holes in what arrived, or no memory to note them");
    return SATSYNC_OK;
}

/* Claims `what` of one part: as durable, durably, or as written, for the process's death alone. */
static enum satsync_status claim_ranges(struct incoming *incoming, size_t index,
                                        enum claim_kind kind, const struct ranges *what,
                                        struct satsync_error *error) {
    struct store *store = incoming->store;
    struct claim *claims = memory_new(store->allocator, what->count, sizeof *claims);
    ENSURE(claims, error, SATSYNC_NO_MEMORY, incoming->journal.path.text, "no memory for claims");
    for (size_t i = 0; i < what->count; i++) {
        claims[i] = (struct claim){.kind = kind, .file = (uint32_t)index, .range = what->at[i]};
    }
    enum satsync_status status =
        kind == CLAIM_DURABLE ? journal_append(&incoming->journal, claims, what->count, error)
                              : journal_note(&incoming->journal, claims, what->count, error);
    memory_free(store->allocator, claims);
    return status;
}

static enum satsync_status flush(struct incoming *incoming, struct satsync_error *error) {
    enum satsync_status status = stage_flush(&incoming->stage);
    return flight_error(error, status, incoming->journal.path.text, "writing what arrived");
}

enum satsync_status incoming_note(struct incoming *incoming, struct satsync_error *error) {
    TRY(refuse_if_failed(incoming, error));
    TRY(fail(incoming, flush(incoming, error)));
    for (size_t i = 0; i < incoming->count; i++) {
        struct ranges *untold = &incoming->parts[i].untold;
        if (untold->count > 0) {
            TRY(fail(incoming, claim_ranges(incoming, i, CLAIM_WRITTEN, untold, error)));
            ranges_clear(untold);
        }
    }
    return SATSYNC_OK;
}

/* What was written and not synced may be gone from the disk and still in the page cache, where the
 * next handle would find it sound. Nothing that is only written counts from here on; if that cannot
 * be said either, nothing counts at all. */
static void distrust(struct incoming *incoming) {
    struct disk *disk = incoming->store->disk;
    if (append_boot(incoming, (struct disk_boot){{0, 0}}, NULL) != SATSYNC_OK) {
        (void)disk->ops->truncate(disk, incoming->journal.file, 0, NULL);
    }
}

static enum satsync_status sync_part(struct incoming *incoming, struct incoming_part *part,
                                     struct satsync_error *error) {
    struct disk *disk = incoming->store->disk;
    if (part->is_dirty) {
        enum satsync_status status = disk->ops->sync(disk, part->file, error);
        if (status != SATSYNC_OK) {
            distrust(incoming);
            return status;
        }
    }
    part->is_dirty = false;
    return SATSYNC_OK;
}

static enum satsync_status sync_all(struct incoming *incoming, struct satsync_error *error) {
    TRY(flush(incoming, error));
    for (size_t i = 0; i < incoming->count; i++) {
        struct incoming_part *part = &incoming->parts[i];
        TRY(sync_part(incoming, part, error));
        if (part->fresh.count > 0) {
            TRY(claim_ranges(incoming, i, CLAIM_DURABLE, &part->fresh, error));
            ranges_clear(&part->fresh);
            ranges_clear(&part->untold);
        }
    }
    return SATSYNC_OK;
}

enum satsync_status incoming_sync(struct incoming *incoming, struct satsync_error *error) {
    TRY(refuse_if_failed(incoming, error));
    return fail(incoming, sync_all(incoming, error));
}

enum satsync_status incoming_read(struct incoming *incoming, size_t index, uint64_t offset,
                                  void *data, size_t bytes, struct satsync_error *error) {
    assert(index < incoming->count);
    TRY(refuse_if_failed(incoming, error));
    struct incoming_part *part = &incoming->parts[index];
    ENSURE(offset <= part->what.bytes && bytes <= part->what.bytes - offset &&
               ranges_cover(&part->have, offset, offset + bytes),
           error, SATSYNC_INCOMPLETE, incoming->journal.path.text,
           "%zu bytes at %" PRIu64 " of file %zu have not all arrived", bytes, offset, index);
    TRY(fail(incoming, flush(incoming, error)));
    struct flight_plan plan = {.kind = DISK_REQUEST_READ,
                               .file = part->file,
                               .data = data,
                               .bytes = bytes,
                               .offset = offset};
    return flight_move(incoming->store->disk, &plan, incoming->store->segment_bytes,
                       incoming->journal.path.text, error);
}

/* In the journal at once: else new bytes, torn by a crash, would count by the old claim. */
static enum satsync_status take_back(struct incoming *incoming, size_t index, struct range range,
                                     struct satsync_error *error) {
    struct incoming_part *part = &incoming->parts[index];
    TRY(flush(incoming, error));
    enum satsync_status status = ranges_remove(&part->have, range.from, range.to);
    status = status == SATSYNC_OK ? ranges_remove(&part->fresh, range.from, range.to) : status;
    status = status == SATSYNC_OK ? ranges_remove(&part->untold, range.from, range.to) : status;
    ENSURE(status == SATSYNC_OK, error, status, incoming->journal.path.text,
           "no memory to forget a range");
    struct claim claim = {.file = (uint32_t)index, .kind = CLAIM_TAKEN_BACK, .range = range};
    return journal_append(&incoming->journal, &claim, 1, error);
}

enum satsync_status incoming_forget(struct incoming *incoming, size_t index, uint64_t offset,
                                    uint64_t bytes, struct satsync_error *error) {
    assert(index < incoming->count);
    TRY(refuse_if_failed(incoming, error));
    struct incoming_part *part = &incoming->parts[index];
    ENSURE(offset <= part->what.bytes && bytes <= part->what.bytes - offset, error, SATSYNC_INVALID,
           incoming->journal.path.text,
           "%" PRIu64 " bytes at %" PRIu64 " are not within a file of %" PRIu64, bytes, offset,
           part->what.bytes);
    ENSURE(!part->is_in_store, error, SATSYNC_CORRUPT, incoming->journal.path.text,
           "file %zu is a pack of the store, and damaged; run \"satsync verify\"", index);
    if (bytes == 0) {
        return SATSYNC_OK;
    }
    struct range range = {.from = offset, .to = offset + bytes};
    return fail(incoming, take_back(incoming, index, range, error));
}

static enum satsync_status publish_all(struct incoming *incoming, struct satsync_error *error) {
    TRY(sync_all(incoming, error));
    for (size_t i = 0; i < incoming->count; i++) {
        TRY(incoming_part_publish(&incoming->parts[i], incoming->store, incoming->digest, error));
    }
    return sync_names(incoming->store, "packs", error);
}

/* What fails here is left to a sweep, which finds parts without a journal. */
static void clean_up(struct incoming *incoming) {
    struct store *store = incoming->store;
    for (size_t i = 0; i < incoming->count; i++) {
        if (!incoming->parts[i].is_in_store) {
            struct store_path path =
                layout_part(store, incoming->digest, &incoming->parts[i].what.id);
            (void)store->disk->ops->remove(store->disk, path.text, NULL);
        }
    }
    (void)journal_remove(&incoming->journal, NULL);
}

enum satsync_status incoming_commit(struct incoming *incoming, uint64_t step, const void *manifest,
                                    size_t bytes, struct satsync_error *error) {
    struct store *store = incoming->store;
    TRY(refuse_if_failed(incoming, error));
    for (size_t i = 0; i < incoming->count; i++) {
        ENSURE(incoming_part_is_whole(&incoming->parts[i]), error, SATSYNC_INCOMPLETE,
               incoming->journal.path.text, "file %zu has not wholly arrived", i);
    }
    if (!incoming->is_committed) {
        TRY(fail(incoming, publish_all(incoming, error)));
    }
    TRY(manifest_file_commit(&store->chunks, step, manifest, bytes, error));
    if (!incoming->is_committed) {
        incoming->is_committed = true;
        clean_up(incoming);
    }
    return SATSYNC_OK;
}

void incoming_close(struct incoming *incoming) {
    if (!incoming) {
        return;
    }
    if (!incoming->is_committed && incoming->failed == SATSYNC_OK) {
        struct satsync_error error;
        if (sync_all(incoming, &error) != SATSYNC_OK) {
            log_line(incoming->store->log, LOG_WARNING, "store",
                     "%s: the last of what arrived is not kept: %s", error.subject, error.message);
        }
    }
    free_incoming(incoming);
}

struct discard {
    struct store *store;
    const uint8_t *digest;
};

static void remove_part(void *context, const char *name) {
    struct discard *discard = context;
    uint8_t digest[DIGEST_BYTES];
    struct pack_id id;
    if (layout_reads_part(name, digest, &id) &&
        memcmp(digest, discard->digest, sizeof digest) == 0) {
        struct store_path path = layout_part(discard->store, digest, &id);
        (void)discard->store->disk->ops->remove(discard->store->disk, path.text, NULL);
    }
}

enum satsync_status incoming_discard(struct chunks *chunks, const uint8_t digest[32],
                                     struct satsync_error *error) {
    struct store *store = store_of(chunks);
    ENSURE(!store->is_read_only, error, SATSYNC_READ_ONLY, store->root,
           "the store was opened for reading only");
    struct store_path path = layout_journal(store, digest);
    struct disk_file *journal;
    TRY(lock_seize(store, path.text, &journal, error));
    struct discard discard = {.store = store, .digest = digest};
    struct store_path packs = layout_path(store, "packs");
    enum satsync_status status =
        store->disk->ops->list(store->disk, packs.text, remove_part, &discard, error);
    if (status == SATSYNC_OK) {
        status = store->disk->ops->remove(store->disk, path.text, error);
    }
    store->disk->ops->close(store->disk, journal);
    return status;
}
