/*
 * The file of a site's promises: there whole or not at all, and durable before anybody relies on
 * it. Owner thread: that which holds the group.
 */
#ifndef GROUP_PROMISE_FILE_H
#define GROUP_PROMISE_FILE_H

#include "base/memory.h"
#include "port/disk.h"

struct promise_file {
    struct disk *disk; /* borrowed */
    const struct allocator *allocator;
    char *path;
    char *fresh;     /* path + ".new", which takes its place */
    char *directory; /* of both */
    uint8_t *data;   /* what stood there when it was opened; NULL: there was none */
    size_t bytes;
};

/* Reads what is there. To be ended with promise_file_fini in any case. */
enum satsync_status promise_file_init(struct promise_file *file, struct disk *disk,
                                      const char *path, const struct allocator *allocator,
                                      struct satsync_error *error) SATSYNC_MUST_CHECK;
void promise_file_fini(struct promise_file *file);

/* Durable at return; takes the place of what stood there. */
enum satsync_status promise_file_keep(struct promise_file *file, const void *data, size_t bytes,
                                      struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
