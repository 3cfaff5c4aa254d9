/*
 * Writing a pack: bytes are copied once, into aligned segments, which go to the disk past the page
 * cache while the next ones fill. Memory: segments * segment_bytes, taken at create. The contracts
 * are those of port/chunks.h.
 */
#ifndef STORE_PACK_WRITER_H
#define STORE_PACK_WRITER_H

#include "ckpt/store/handle.h"

enum satsync_status pack_writer_create(struct chunks *chunks, const struct pack_id *id,
                                       uint64_t expected_bytes, struct pack_writer **writer,
                                       struct satsync_error *error);
enum satsync_status pack_writer_append(struct pack_writer *writer, const void *data, size_t bytes,
                                       uint64_t *offset, struct satsync_error *error);
enum satsync_status pack_writer_finish(struct pack_writer *writer, uint64_t *bytes,
                                       struct satsync_error *error);
enum satsync_status pack_writer_replace(struct pack_writer *writer, uint64_t *bytes,
                                        struct satsync_error *error);
void pack_writer_abandon(struct pack_writer *writer);

/* Lets go of a finished pack. */
void pack_writer_release(struct chunks *chunks, const struct pack_id *id);

/* Lets go of all finished packs, at close. */
void pack_writer_release_all(struct store *store);

#endif
