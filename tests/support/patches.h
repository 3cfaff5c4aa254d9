/*
 * Two steps of one run on real files, and patches between them.
 */
#ifndef SUPPORT_PATCHES_H
#define SUPPORT_PATCHES_H

#include "support/engine_world.h"

#include <satsync/patch.h>
#include <stdbool.h>

/* Saves steps 1 and 2: some tensors are the same, one changed in places, one altogether. */
void patches_save(struct engine_world *world);

/* Names are of files in the world's directory. Each waits for the end. */
enum satsync_status patches_make(struct engine_world *world, uint64_t from, uint64_t to,
                                 const char *patch, struct satsync_error *error) SATSYNC_MUST_CHECK;
enum satsync_status patches_apply(struct engine_world *world, const char *patch, const char *base,
                                  const char *output,
                                  struct satsync_error *error) SATSYNC_MUST_CHECK;
void patches_restore(struct engine_world *world, uint64_t step, const char *output);

/* A whole file, for free. */
uint8_t *patches_read(struct engine_world *world, const char *name, size_t *bytes);
void patches_write(struct engine_world *world, const char *name, const uint8_t *data, size_t bytes);
bool patches_exists(struct engine_world *world, const char *name);

/* Names in the world's directory that end in ".partial". */
size_t patches_partials(struct engine_world *world);

#endif
