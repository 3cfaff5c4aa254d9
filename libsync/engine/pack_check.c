#include "engine/pack_check.h"

#include "base/check.h"
#include "codec/checksum.h"
#include "codec/seal.h"

#include <string.h>

enum { WINDOW_BYTES = 4 << 20, TABLE_BYTES_MAX = 1 << 30 };

static void report(struct pack_check *check, uint64_t offset, uint64_t bytes) {
    check->damaged++;
    check->damage(check->context, offset, bytes);
}

/* A pack whose table cannot be used is damaged as a whole; nothing more can be said of it. */
static enum satsync_status read_table(struct pack_check *check, struct satsync_error *error) {
    const struct manifest_pack *pack = check->pack;
    uint64_t table_end = pack->table_offset + pack->table_bytes;
    bool sized = pack->bytes == check->actual_bytes && table_end >= pack->table_offset &&
                 table_end <= pack->bytes && pack->table_bytes <= TABLE_BYTES_MAX;
    if (!sized) {
        report(check, 0, check->actual_bytes);
        return SATSYNC_OK;
    }
    uint8_t *table = memory_new(check->allocator, 1, pack->table_bytes);
    ENSURE(table, error, SATSYNC_NO_MEMORY, "verify", "no memory for a pack's table");
    enum satsync_status status =
        check->read(check->context, pack->table_offset, table, pack->table_bytes, error);
    uint8_t digest[DIGEST_BYTES];
    bool good = false;
    if (status == SATSYNC_OK) {
        digest_of(table, pack->table_bytes, digest);
        good = memcmp(digest, pack->table_digest, sizeof digest) == 0 &&
               extent_table_open(&check->extents, table, pack->table_bytes, pack->table_offset) ==
                   SATSYNC_OK;
    }
    if (!good) {
        memory_free(check->allocator, table);
        if (status == SATSYNC_OK) {
            report(check, pack->table_offset, pack->table_bytes);
        }
        return status;
    }
    check->table = table;
    return SATSYNC_OK;
}

static enum satsync_status check_padding(struct pack_check *check, struct satsync_error *error) {
    uint64_t from = check->pack->table_offset + check->pack->table_bytes;
    while (from < check->pack->bytes) {
        uint8_t padding[4096];
        uint64_t left = check->pack->bytes - from;
        size_t bytes = left < sizeof padding ? (size_t)left : sizeof padding;
        TRY(check->read(check->context, from, padding, bytes, error));
        for (size_t i = 0; i < bytes; i++) {
            if (padding[i] != 0) {
                report(check, from + i, 1);
            }
        }
        from += bytes;
    }
    return SATSYNC_OK;
}

enum satsync_status pack_check_begin(struct pack_check *check, struct satsync_error *error) {
    TRY(read_table(check, error));
    return check->table ? check_padding(check, error) : SATSYNC_OK;
}

/* Makes the window hold the extent and as much after it as fits; the extent alone where not all of
 * that can be read and it matters which. */
static enum satsync_status fill_window(struct pack_check *check, const struct extent *extent,
                                       struct satsync_error *error) {
    uint64_t end = extent->offset + extent->bytes;
    if (extent->offset >= check->window_from && end <= check->window_to) {
        return SATSYNC_OK;
    }
    size_t room = extent->bytes > WINDOW_BYTES ? extent->bytes : WINDOW_BYTES;
    if (check->window_room < room) {
        memory_free(check->allocator, check->window);
        check->window = memory_new(check->allocator, 1, room);
        check->window_room = check->window ? room : 0;
        ENSURE(check->window, error, SATSYNC_NO_MEMORY, "verify", "no memory to read packs");
    }
    uint64_t left = check->pack->table_offset - extent->offset;
    size_t bytes = left < check->window_room ? (size_t)left : check->window_room;
    check->window_from = check->window_to = 0;
    enum satsync_status status =
        check->read(check->context, extent->offset, check->window, bytes, error);
    if (status == SATSYNC_IO && check->counts_unreadable && bytes > extent->bytes) {
        bytes = extent->bytes;
        status = check->read(check->context, extent->offset, check->window, bytes, error);
    }
    TRY(status);
    check->window_from = extent->offset;
    check->window_to = extent->offset + bytes;
    return SATSYNC_OK;
}

enum satsync_status pack_check_step(struct pack_check *check, bool *done,
                                    struct satsync_error *error) {
    *done = false;
    for (uint64_t work = 0; work < WINDOW_BYTES;) {
        struct extent extent;
        if (!check->table || !extent_table_next(&check->extents, &extent)) {
            *done = true;
            return SATSYNC_OK;
        }
        work += extent.bytes + 64;
        enum satsync_status status = fill_window(check, &extent, error);
        if (status == SATSYNC_IO && check->counts_unreadable) {
            report(check, extent.offset, extent.bytes);
            continue;
        }
        TRY(status);
        uint8_t checksum[CHECKSUM_BYTES];
        checksum_of(check->window + (extent.offset - check->window_from), extent.bytes, checksum);
        if (memcmp(checksum, extent.checksum, sizeof checksum) != 0) {
            report(check, extent.offset, extent.bytes);
        }
        check->checked_bytes += extent.bytes;
    }
    return SATSYNC_OK;
}

void pack_check_fini(struct pack_check *check) {
    memory_free(check->allocator, check->table);
    memory_free(check->allocator, check->window);
    check->table = check->window = NULL;
}
