#include "engine/save_room.h"

#include "base/check.h"
#include "base/wide.h"

#include <inttypes.h>

/* Of one checkpoint, what its content took in its own packs, and what it was. */
struct share {
    uint64_t stored_bytes;
    uint64_t raw_bytes;
};

/* False when the checkpoint is of the other kind. */
static bool share_of(const struct manifest *root, bool has_base, struct share *share) {
    bool refers = false;
    *share = (struct share){.raw_bytes = root->raw_bytes};
    for (size_t i = 0; i < root->pack_count; i++) {
        const struct manifest_pack *pack = &root->packs[i];
        refers |= pack->step != root->step;
        if (pack->step == root->step && pack->algorithm != MANIFEST_PARITY_ALGORITHM) {
            share->stored_bytes += pack->bytes;
        }
    }
    if (share->stored_bytes > share->raw_bytes) {
        share->stored_bytes = share->raw_bytes; /* a small one, which is index and padding */
    }
    return refers == has_base && share->raw_bytes > 0;
}

/* The newest one's that tells; what cannot be read tells nothing. */
static enum satsync_status find_share(struct satsync_save *save, struct share *share,
                                      struct satsync_error *error) {
    struct satsync_store *store = save->store;
    size_t count;
    *share = (struct share){.stored_bytes = save->base ? 0 : 1, .raw_bytes = 1};
    TRY(satsync_store_steps(store, NULL, 0, &count, error));
    size_t room = count + 16; /* others may save meanwhile */
    uint64_t *steps = memory_new(store->engine->allocator, room, sizeof *steps);
    ENSURE(steps, error, SATSYNC_NO_MEMORY, "save", "out of memory");
    enum satsync_status status = satsync_store_steps(store, steps, room, &count, error);
    bool found = status != SATSYNC_OK;
    for (size_t i = count < room ? count : room; i-- > 0 && !found;) {
        struct store_manifest manifest;
        struct share of;
        if (store_manifest_read(store, steps[i], &manifest, NULL) != SATSYNC_OK) {
            continue;
        }
        found = share_of(&manifest.root, save->base != NULL, &of);
        *share = found ? of : *share;
        store_manifest_fini(&manifest);
    }
    memory_free(store->engine->allocator, steps);
    return status;
}

static uint64_t mib_of(uint64_t bytes) {
    return (bytes + (1 << 20) - 1) >> 20;
}

enum satsync_status save_room_check(struct satsync_save *save, uint64_t raw_bytes,
                                    struct satsync_error *error) {
    struct satsync_store *store = save->store;
    struct share share;
    uint64_t free;
    TRY(find_share(save, &share, error));
    TRY(store->disk->ops->free_bytes(store->disk, store->path, &free, error));
    uint64_t own = multiply_divide(raw_bytes, share.stored_bytes, share.raw_bytes);
    uint64_t needed = multiply_divide(own, save->pack_count + save->parity_count, save->pack_count);
    char step[32];
    store_step_text(save->step, step);
    ENSURE(needed <= free, error, SATSYNC_NO_SPACE, store->path,
           "%s takes about %" PRIu64 " MiB, and %" PRIu64
           " MiB are free; prune old checkpoints, or save to "
           "another disk",
           step, mib_of(needed), free >> 20);
    return SATSYNC_OK;
}
