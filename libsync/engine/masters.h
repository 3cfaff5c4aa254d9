/*
 * The fp32 tensors of a save that bf16 tensors put after them may be roundings of. What was put is
 * soon gone from memory, so the tag of each chunk's rounding is kept, under a key of this save
 * alone: 32 bytes a MiB. A bf16 chunk with the tag, so with all elements, of the rounding is not
 * stored but made again from its master.
 */
#ifndef ENGINE_MASTERS_H
#define ENGINE_MASTERS_H

#include "engine/save.h"

/* NULL: no memory. */
struct masters *masters_new(const struct satsync_engine *engine);
void masters_free(struct masters *masters);

/* Owner thread, for each slot in the order of submission. Gives the slot of an fp32 tensor its own
 * master, that of a bf16 tensor the one that begins alike, others NULL. Without memory there is
 * none. */
struct master *masters_find(struct masters *masters, const struct save_slot *slot);

/* On a worker, before a slot with a master is coded: keeps what its rounding is, or finds the chunk
 * to be one, then it sets slot->referred and slot->chunk. Overwrites slot->staging.sealed. Waits
 * for slots submitted earlier, never for later ones. */
void masters_try(struct satsync_save *save, struct save_slot *slot);

#endif
