/*
 * Reclaiming what nobody needs. The contract and its order are those of port/chunks.h.
 */
#ifndef STORE_SWEEP_H
#define STORE_SWEEP_H

#include "ckpt/store/handle.h"

enum satsync_status sweep_begin(struct chunks *chunks, struct satsync_error *error);
enum satsync_status sweep_run(struct chunks *chunks, const struct pack_id *live, size_t count,
                              struct satsync_error *error);

/* Drops the notes of sweep_begin. */
void sweep_forget(struct store *store);

#endif
