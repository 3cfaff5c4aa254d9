/*
 * Harm done to a store's packs, on real files or the faulty disk.
 */
#ifndef SUPPORT_HARM_H
#define SUPPORT_HARM_H

#include "base/random.h"
#include "engine/store.h"
#include "support/engine_world.h"

/* The manifest of a step, for store_manifest_fini. Failures end the test. */
void harm_manifest(struct engine_world *world, uint64_t step, struct store_manifest *manifest);

/* The last one zeroes the begin of the table. */
enum harm_kind { HARM_REMOVE, HARM_CUT, HARM_FLIP, HARM_ZERO, HARM_KINDS };

/* Does it somewhere in the pack. */
void harm_pack(struct engine_world *world, const struct manifest_pack *pack, enum harm_kind kind,
               struct random *random);

/* Turns a bit of the pack's byte `offset`. */
void harm_flip(struct engine_world *world, const struct manifest_pack *pack, uint64_t offset);

/* The same on the faulty disk alone, where it is no operation. */
void harm_rot(struct engine_world *world, const struct manifest_pack *pack, uint64_t offset);

#endif
