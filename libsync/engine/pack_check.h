/*
 * Checks a pack against its manifest without any key: the table's digest, each extent's checksum,
 * the zeros of the padding. In steps of bounded work, so that the thread that checks can do other
 * things in between; the same for packs in a store and for those still coming in.
 */
#ifndef ENGINE_PACK_CHECK_H
#define ENGINE_PACK_CHECK_H

#include "base/memory.h"
#include "model/extent_table.h"
#include "model/manifest.h"

/* Reads exactly `bytes` of the pack; its failures end the check, but for counts_unreadable. */
typedef enum satsync_status pack_read_fn(void *context, uint64_t offset, void *data, size_t bytes,
                                         struct satsync_error *error);

/* Called for each damaged piece. */
typedef void pack_damage_fn(void *context, uint64_t offset, uint64_t bytes);

struct pack_check {
    const struct manifest_pack *pack; /* borrowed */
    uint64_t actual_bytes;
    pack_read_fn *read;
    pack_damage_fn *damage;
    void *context;
    const struct allocator *allocator;
    bool counts_unreadable; /* an extent that reads SATSYNC_IO is one more damaged piece */

    uint8_t *table;
    struct extent_table_reader extents;
    uint8_t *window; /* a piece of the pack, read at once for many extents */
    size_t window_room;
    uint64_t window_from;
    uint64_t window_to;
    uint64_t checked_bytes;
    uint64_t damaged; /* pieces reported */
};

/* The caller sets what stands before `table`. Reads the table. */
enum satsync_status pack_check_begin(struct pack_check *check,
                                     struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Checks a few MiB; *done after the last. A status other than OK says that the check itself cannot
 * go on; damage alone is not such a status. */
enum satsync_status pack_check_step(struct pack_check *check, bool *done,
                                    struct satsync_error *error) SATSYNC_MUST_CHECK;

void pack_check_fini(struct pack_check *check);

#endif
