/*
 * Small files that are there whole or not at all: a temporary file, fsync, its name, fsync of the
 * directory. Owner thread.
 */
#ifndef STORE_WHOLE_FILE_H
#define STORE_WHOLE_FILE_H

#include "ckpt/store/handle.h"

struct whole_file {
    const char *directory; /* relative to the store's root; NULL: the root itself */
    const char *name;      /* in the directory */
    const void *data;
    size_t bytes;
};

/* Durable at return. SATSYNC_CONFLICT when the name exists; one of several callers wins. */
enum satsync_status whole_file_publish(struct store *store, const struct whole_file *file,
                                       struct satsync_error *error);

/* Durable at return; takes the place of what had the name. */
enum satsync_status whole_file_replace(struct store *store, const struct whole_file *file,
                                       struct satsync_error *error);

/* All bytes of a file (a path as the disk takes it), for the caller to free with the store's
 * allocator. SATSYNC_LIMIT when there are more than `limit`. */
enum satsync_status whole_file_read(struct store *store, const char *path, uint64_t limit,
                                    uint8_t **data, size_t *bytes, struct satsync_error *error);

#endif
