/*
 * Locks that a dead process does not hold, on the files themselves: who needs a file holds it by a
 * shared lock, who wants to remove it seizes it by an exclusive one. On a file system without locks
 * holding is only hoped for, and seizing is refused, so that nothing is removed there that somebody
 * may need.
 */
#ifndef STORE_LOCK_H
#define STORE_LOCK_H

#include "ckpt/store/layout.h"

/* Opens the file with `flags` (as disk open) and holds it. SATSYNC_NOT_FOUND also when it was
 * removed in between, SATSYNC_BUSY when somebody seized it. */
enum satsync_status lock_hold(struct store *store, const char *path, unsigned flags,
                              struct disk_file **file, struct satsync_error *error);

/* Opens the file for reading and writing and seizes it. SATSYNC_BUSY when somebody holds it,
 * SATSYNC_UNSUPPORTED without locks; *file is NULL on every failure. */
enum satsync_status lock_seize(struct store *store, const char *path, struct disk_file **file,
                               struct satsync_error *error);

struct temporary {
    struct store_path path;
    struct disk_file *file;
};

/* A new file under a `.tmp-` name in `directory` (relative to the store's root, "." for itself),
 * held. `flags` beside DISK_CREATE. */
enum satsync_status lock_temporary(struct store *store, const char *directory, unsigned flags,
                                   struct temporary *temporary, struct satsync_error *error);

/* Closes the file; removes its name unless `keep_name`. A failure only leaves work to the sweep. */
void lock_drop_temporary(struct store *store, struct temporary *temporary, bool keep_name);

#endif
