/*
 * Receiving a checkpoint: its packs come in pieces, in any order, across any number of deaths of
 * the process, and become packs of the store at once with the manifest.
 *
 * Order on disk: the packs' data is durable before the journal claims it as that; the names of
 * journal and packs are durable before the first claim; the packs have their final names, durably,
 * before the manifest; the journal goes last. Thus a crash at any point leaves either a journal
 * that claims only what is there, or a committed checkpoint. The death of the process alone loses
 * less: what it wrote is in the page cache, and the journal says so, together with the run of the
 * machine for which that holds. After a failed sync it holds no longer, and the journal says that
 * too.
 *
 * Memory: segments * segment_bytes for staging; per file the ranges that it has, at most
 * INCOMING_RANGES_MOST. Each file takes one descriptor. The contracts are those of port/chunks.h.
 */
#ifndef STORE_INCOMING_H
#define STORE_INCOMING_H

#include "ckpt/store/handle.h"

enum { INCOMING_RANGES_MOST = 1 << 20 };

enum satsync_status incoming_open(struct chunks *chunks, const uint8_t digest[32],
                                  const struct incoming_file *files, size_t count,
                                  struct incoming **incoming, struct satsync_error *error);
const struct ranges *incoming_have(const struct incoming *incoming, size_t index);
enum satsync_status incoming_write(struct incoming *incoming, size_t index, uint64_t offset,
                                   const void *data, size_t bytes, struct satsync_error *error);
enum satsync_status incoming_note(struct incoming *incoming, struct satsync_error *error);
enum satsync_status incoming_sync(struct incoming *incoming, struct satsync_error *error);
enum satsync_status incoming_read(struct incoming *incoming, size_t index, uint64_t offset,
                                  void *data, size_t bytes, struct satsync_error *error);
enum satsync_status incoming_forget(struct incoming *incoming, size_t index, uint64_t offset,
                                    uint64_t bytes, struct satsync_error *error);
enum satsync_status incoming_commit(struct incoming *incoming, uint64_t step, const void *manifest,
                                    size_t bytes, struct satsync_error *error);
void incoming_close(struct incoming *incoming);
enum satsync_status incoming_discard(struct chunks *chunks, const uint8_t digest[32],
                                     struct satsync_error *error);

#endif
