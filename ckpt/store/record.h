/*
 * Records: small named files of the store, replaced atomically. A name is "NAME" or "trusted/NAME",
 * NAME of letters, digits, '.', '-' and '_', not beginning with a dot. The contracts are those of
 * port/chunks.h.
 */
#ifndef STORE_RECORD_H
#define STORE_RECORD_H

#include "ckpt/store/handle.h"

enum { RECORD_BYTES_MOST = 1 << 20 };

enum satsync_status record_write(struct chunks *chunks, const char *name, const void *data,
                                 size_t bytes, struct satsync_error *error);
enum satsync_status record_read(struct chunks *chunks, const char *name, uint8_t **data,
                                size_t *bytes, struct satsync_error *error);

#endif
