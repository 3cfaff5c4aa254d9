/*
 * Reading a pack: any range, straight into the caller's buffer through the page cache, several
 * requests at once. Takes no buffer of its own. The contracts are those of port/chunks.h.
 */
#ifndef STORE_PACK_READER_H
#define STORE_PACK_READER_H

#include "ckpt/store/handle.h"

enum satsync_status pack_reader_open(struct chunks *chunks, const struct pack_id *id,
                                     struct pack_reader **reader, struct satsync_error *error);
uint64_t pack_reader_bytes(const struct pack_reader *reader);
enum satsync_status pack_reader_read(struct pack_reader *reader, uint64_t offset, void *data,
                                     size_t bytes, struct satsync_error *error);
void pack_reader_close(struct pack_reader *reader);

#endif
