/*
 * What is known of files before they are imported: their size and types, and with these the order
 * in which they are best taken.
 */
#ifndef ENGINE_IMPORT_OUTLOOK_H
#define ENGINE_IMPORT_OUTLOOK_H

#include "engine/import_order.h"

struct import_outlook {
    struct disk *disk; /* the caller sets these two */
    const struct allocator *allocator;
    uint64_t bytes; /* of all files, those that an index names included */
    struct import_types types;
};

/* Looks at the headers, then puts the `count` paths into the order of import_order. */
enum satsync_status import_outlook(struct import_outlook *outlook, char **files, size_t count,
                                   struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
