/*
 * The chunk store on a disk: port/chunks.h over port/disk.h.
 *
 *   PATH/format                         "satsync store 1\n": what makes a directory a store
 *   PATH/NAME, PATH/trusted/NAME        records
 *   PATH/packs/<32 hex>.pack            sealed packs
 *   PATH/packs/.in-<64 hex>-<32 hex>    packs on their way in (digest of the checkpoint, id)
 *   PATH/manifests/<20 digits>.manifest committed checkpoints, one a step
 *   PATH/incoming/<64 hex>.journal      what was received so far
 *   .tmp-*                              files that nobody may rely on yet, in every directory
 *
 * A rename never leaves its directory: some network file systems cannot do that atomically.
 *
 * Memory: a pack writer and an incoming checkpoint each take segments * segment_bytes; a reader
 * takes none. Owner thread per handle; any number of handles and processes per directory.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/log.h"
#include "base/memory.h"
#include "port/chunks.h"
#include "port/disk.h"

struct store_options {
    const struct allocator *allocator; /* NULL: libc's */
    const struct log *log;             /* may be NULL */
    bool read_only;                    /* refuse every write with SATSYNC_READ_ONLY */
    bool own_disk;                     /* close (and a failed store_open) frees the disk */
    size_t segment_bytes; /* 0: 1 MiB; a multiple of DISK_ALIGN: the unit of a pack's writes */
    size_t segments;      /* 0: 4, at least 2: how many of them are in flight */
};

/* Makes PATH (which may exist, empty) a store. A store there, or anything else: SATSYNC_CONFLICT.
 * To repeat it after a crash in the middle is fine. `options` may be NULL. */
enum satsync_status store_create(struct disk *disk, const char *path,
                                 const struct store_options *options,
                                 struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Not a store: SATSYNC_NOT_FOUND. A layout of a newer version: SATSYNC_NEWER_VERSION. The disk is
 * borrowed until close unless own_disk says otherwise, and serves this store alone. */
enum satsync_status store_open(struct disk *disk, const char *path,
                               const struct store_options *options, struct chunks **chunks,
                               struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
