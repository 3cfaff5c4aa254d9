#include "ckpt/store/incoming_part.h"

#include "base/check.h"
#include "ckpt/store/incoming.h"
#include "ckpt/store/lock.h"

#include <inttypes.h>

void incoming_part_init(struct incoming_part *part, const struct incoming_file *what,
                        const struct allocator *allocator) {
    *part = (struct incoming_part){.what = *what};
    ranges_init(&part->have, INCOMING_RANGES_MOST, allocator);
    ranges_init(&part->fresh, INCOMING_RANGES_MOST, allocator);
    ranges_init(&part->untold, INCOMING_RANGES_MOST, allocator);
}

void incoming_part_fini(struct incoming_part *part, struct store *store) {
    store->disk->ops->close(store->disk, part->file);
    part->file = NULL;
    ranges_fini(&part->have);
    ranges_fini(&part->fresh);
    ranges_fini(&part->untold);
}

enum satsync_status incoming_part_hear(struct incoming_part *part, const struct claim *claim) {
    /* The record's sum is right, so this is as it was written, or somebody's craft: ignore it. */
    if (claim->range.from > claim->range.to || claim->range.to > part->what.bytes) {
        return SATSYNC_OK;
    }
    if (claim->kind == CLAIM_WRITTEN) {
        return ranges_add(&part->fresh, claim->range.from, claim->range.to);
    }
    TRY(ranges_remove(&part->fresh, claim->range.from, claim->range.to));
    return claim->kind == CLAIM_TAKEN_BACK
               ? ranges_remove(&part->have, claim->range.from, claim->range.to)
               : ranges_add(&part->have, claim->range.from, claim->range.to);
}

enum satsync_status incoming_part_heard(struct incoming_part *part, bool written_counts) {
    if (!written_counts) {
        ranges_clear(&part->fresh);
    }
    part->is_dirty = part->fresh.count > 0;
    for (size_t i = 0; i < part->fresh.count; i++) {
        TRY(ranges_add(&part->have, part->fresh.at[i].from, part->fresh.at[i].to));
    }
    return SATSYNC_OK;
}

bool incoming_part_is_whole(const struct incoming_part *part) {
    return ranges_cover(&part->have, 0, part->what.bytes);
}

/* Takes back, durably, what is claimed from `offset` on. */
static enum satsync_status take_back(struct incoming_part *part, struct journal *journal,
                                     size_t index, uint64_t offset, struct satsync_error *error) {
    struct claim claim = {.file = (uint32_t)index,
                          .kind = CLAIM_TAKEN_BACK,
                          .range = {.from = offset, .to = part->what.bytes}};
    bool has_any = part->have.count > 0 && part->have.at[part->have.count - 1].to > offset;
    if (!has_any) {
        return SATSYNC_OK;
    }
    enum satsync_status status = ranges_remove(&part->have, claim.range.from, claim.range.to);
    status = status == SATSYNC_OK ? ranges_remove(&part->fresh, claim.range.from, claim.range.to)
                                  : status;
    ENSURE(status == SATSYNC_OK, error, status, journal->path.text, "no memory for its ranges");
    return journal_append(journal, &claim, 1, error);
}

/* SATSYNC_NOT_FOUND when the store does not have the pack. */
static enum satsync_status open_in_store(struct incoming_part *part, struct store *store,
                                         struct satsync_error *error) {
    struct store_path path = layout_pack(store, &part->what.id);
    TRY(lock_hold(store, path.text, DISK_READ, &part->file, error));
    uint64_t bytes;
    TRY(store->disk->ops->size(store->disk, part->file, &bytes, error));
    ENSURE(bytes == part->what.bytes, error, SATSYNC_CORRUPT, path.text,
           "the pack in the store has %" PRIu64 " bytes instead of %" PRIu64
           "; remove it if \"satsync verify\" finds no step that needs it",
           bytes, part->what.bytes);
    ranges_clear(&part->have);
    ranges_clear(&part->fresh);
    part->is_dirty = false;
    enum satsync_status status = ranges_add(&part->have, 0, bytes);
    ENSURE(status == SATSYNC_OK, error, status, path.text, "no memory for its ranges");
    part->is_in_store = true;
    return SATSYNC_OK;
}

static enum satsync_status create_part(struct incoming_part *part, struct journal *journal,
                                       const char *path, size_t index,
                                       struct satsync_error *error) {
    struct store *store = journal->store;
    /* Claims about a part that is gone must not come true for the new one. */
    TRY(take_back(part, journal, index, 0, error));
    TRY(lock_hold(store, path, DISK_READ | DISK_WRITE | DISK_CREATE, &part->file, error));
    return store->disk->ops->allocate(store->disk, part->file, part->what.bytes, error);
}

enum satsync_status incoming_part_open(struct incoming_part *part, struct journal *journal,
                                       const struct journal_subject *subject, size_t index,
                                       struct satsync_error *error) {
    struct store *store = journal->store;
    enum satsync_status status = open_in_store(part, store, error);
    if (status != SATSYNC_NOT_FOUND) {
        return status;
    }
    struct store_path path = layout_part(store, subject->digest, &part->what.id);
    status = lock_hold(store, path.text, DISK_READ | DISK_WRITE, &part->file, error);
    if (status == SATSYNC_NOT_FOUND) {
        return create_part(part, journal, path.text, index, error);
    }
    TRY(status);
    uint64_t bytes;
    TRY(store->disk->ops->size(store->disk, part->file, &bytes, error));
    return take_back(part, journal, index, bytes, error);
}

enum satsync_status incoming_part_publish(struct incoming_part *part, struct store *store,
                                          const uint8_t digest[DIGEST_BYTES],
                                          struct satsync_error *error) {
    if (part->is_in_store) {
        return SATSYNC_OK;
    }
    struct store_path from = layout_part(store, digest, &part->what.id);
    struct store_path to = layout_pack(store, &part->what.id);
    enum satsync_status status = store->disk->ops->publish(store->disk, from.text, to.text, error);
    /* CONFLICT: the same pack came with another checkpoint meanwhile. */
    return status == SATSYNC_CONFLICT ? SATSYNC_OK : status;
}
