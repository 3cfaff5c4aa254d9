#include "ckpt/store/lock.h"

#include "base/check.h"

#include <inttypes.h>
#include <unistd.h>

enum { TEMPORARY_NAMES_TRIED = 10000 };

static enum satsync_status lock_and_look(struct store *store, const char *path,
                                         struct disk_file *file, enum disk_lock mode,
                                         struct satsync_error *error) {
    enum satsync_status status = store->disk->ops->lock(store->disk, file, mode, error);
    if (status == SATSYNC_UNSUPPORTED && mode == DISK_LOCK_SHARED) {
        return SATSYNC_OK;
    }
    TRY(status);
    /* Between open and lock a sweep may have removed it: then the lock is on a file without a name.
     * From here on nobody removes it. */
    struct disk_file *again;
    TRY(store->disk->ops->open(store->disk, path, DISK_READ, &again, error));
    store->disk->ops->close(store->disk, again);
    return SATSYNC_OK;
}

/* Closes the file and clears *file when the lock was not got. */
static enum satsync_status lock_or_close(struct store *store, const char *path,
                                         struct disk_file **file, enum disk_lock mode,
                                         struct satsync_error *error) {
    enum satsync_status status = lock_and_look(store, path, *file, mode, error);
    if (status != SATSYNC_OK) {
        store->disk->ops->close(store->disk, *file);
        *file = NULL;
    }
    return status;
}

enum satsync_status lock_hold(struct store *store, const char *path, unsigned flags,
                              struct disk_file **file, struct satsync_error *error) {
    TRY(store->disk->ops->open(store->disk, path, flags, file, error));
    return lock_or_close(store, path, file, DISK_LOCK_SHARED, error);
}

enum satsync_status lock_seize(struct store *store, const char *path, struct disk_file **file,
                               struct satsync_error *error) {
    TRY(store->disk->ops->open(store->disk, path, DISK_READ | DISK_WRITE, file, error));
    return lock_or_close(store, path, file, DISK_LOCK_EXCLUSIVE, error);
}

enum satsync_status lock_temporary(struct store *store, const char *directory, unsigned flags,
                                   struct temporary *temporary, struct satsync_error *error) {
    temporary->file = NULL;
    ENSURE(!store->is_read_only, error, SATSYNC_READ_ONLY, store->root,
           "the store was opened for reading only");
    /* Over NFS a shared lock wants the file open for reading. */
    flags |= DISK_READ | DISK_CREATE;
    for (int tried = 0; tried < TEMPORARY_NAMES_TRIED; tried++) {
        temporary->path = layout_path(store, "%s/.tmp-%ld-%" PRIu64, directory, (long)getpid(),
                                      store->temporaries++);
        enum satsync_status status =
            lock_hold(store, temporary->path.text, flags, &temporary->file, error);
        /* CONFLICT: a name that a dead process left, or that a second handle of this one uses. BUSY
         * and NOT_FOUND: a sweep came before the lock. */
        if (status != SATSYNC_CONFLICT && status != SATSYNC_BUSY && status != SATSYNC_NOT_FOUND) {
            return status;
        }
        if (status == SATSYNC_NOT_FOUND && tried > 2) {
            return status;
        }
    }
    return error_set(error, SATSYNC_LIMIT, store->root,
                     "there are too many temporary files; run \"satsync prune\" to remove them");
}

void lock_drop_temporary(struct store *store, struct temporary *temporary, bool keep_name) {
    if (temporary->file && !keep_name) {
        (void)store->disk->ops->remove(store->disk, temporary->path.text, NULL);
    }
    store->disk->ops->close(store->disk, temporary->file);
    temporary->file = NULL;
}
