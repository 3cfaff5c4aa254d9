/*
 * An engine to test, with a key and a store: on real files in a directory of its own, or, in manual
 * mode, on the faulty disk. Failures end the test.
 */
#ifndef SUPPORT_ENGINE_WORLD_H
#define SUPPORT_ENGINE_WORLD_H

#include "engine/engine.h"

#include <satsync/checkpoint.h>

struct engine_world {
    char base[64];       /* a directory of real files, empty at first but for site.key(.pub) */
    char root[96];       /* the store: in base, or on the faulty disk */
    struct disk *faulty; /* NULL: real files */
    struct satsync_key *key;
    struct satsync_public_key public_key;
    struct satsync_engine *engine;
    struct satsync_store *store; /* opened with the key; may be closed and set NULL */
};

/* Real files; `options` may be NULL. */
void engine_world_open(struct engine_world *world, const struct satsync_engine_options *options);

/* The faulty disk, one world at a time; the options are made manual. */
void engine_world_open_faulty(struct engine_world *world,
                              const struct satsync_engine_options *options, uint64_t disk_seed);
void engine_world_close(struct engine_world *world);

/* cmocka's setup and teardown around a world on real files: *state is the world. */
int engine_world_setup(void **state);
int engine_world_teardown(void **state);

/* Another site's key, NAME in the world's directory. */
struct satsync_key *engine_world_key(struct engine_world *world, const char *name);

/* PATH in the world's directory, as text that the next call overwrites. */
const char *engine_world_path(const struct engine_world *world, const char *name);

/* Ends the test with what `error` says unless the status is the wanted one. */
void engine_expect(enum satsync_status status, enum satsync_status wanted,
                   const struct satsync_error *error);

/* Removes a directory with all in it. */
void engine_world_remove(const char *path);

#endif
