/*
 * Where things lie in a store's directory: names made and names read. Pure, but for layout_make and
 * layout_check.
 */
#ifndef STORE_LAYOUT_H
#define STORE_LAYOUT_H

#include "ckpt/store/handle.h"

enum { DIGEST_BYTES = 32, LAYOUT_PATH_BYTES = STORE_ROOT_BYTES + 256, LAYOUT_VERSION = 1 };

struct store_path {
    char text[LAYOUT_PATH_BYTES];
};

/* "ROOT/" and the rest; the rest has at most 255 bytes. */
struct store_path layout_path(const struct store *store, const char *format, ...)
    SATSYNC_PRINTF(2, 3);
struct store_path layout_pack(const struct store *store, const struct pack_id *id);
struct store_path layout_manifest(const struct store *store, uint64_t step);
struct store_path layout_journal(const struct store *store, const uint8_t digest[DIGEST_BYTES]);
/* A pack on its way in. */
struct store_path layout_part(const struct store *store, const uint8_t digest[DIGEST_BYTES],
                              const struct pack_id *id);

/* Each is false for a name of another kind. */
bool layout_reads_pack(const char *name, struct pack_id *id);
bool layout_reads_manifest(const char *name, uint64_t *step);
bool layout_reads_journal(const char *name, uint8_t digest[DIGEST_BYTES]);
bool layout_reads_part(const char *name, uint8_t digest[DIGEST_BYTES], struct pack_id *id);
bool layout_reads_temporary(const char *name);

/* Makes the directories and the format file in store->root. See store_create. */
enum satsync_status layout_make(struct store *store, struct satsync_error *error);

/* Reads the format file. See store_open. */
enum satsync_status layout_check(struct store *store, struct satsync_error *error);

#endif
