/*
 * A store to test, on each kind of disk: real ones in a new temporary directory, the faulty one in
 * memory.
 */
#ifndef SUPPORT_STORE_WORLD_H
#define SUPPORT_STORE_WORLD_H

#include "ckpt/store/store.h"

enum world_kind { WORLD_POSIX, WORLD_URING, WORLD_FAULTY, WORLD_KINDS };

enum { WORLD_SEGMENT_BYTES = 8192 };

struct world {
    enum world_kind kind;
    struct disk *disk;
    struct chunks *chunks; /* open on `root` */
    char base[64];         /* an empty directory at first, with root in it */
    char root[80];
    struct store_options options;
};

/* False, with a line printed, when this machine has no such disk. The store is created and open
 * (world_begin), or only the disk is there (world_begin_disk). Failures end the test. */
bool world_begin(struct world *world, enum world_kind kind);
bool world_begin_disk(struct world *world, enum world_kind kind);

/* Closes the store and opens it again. */
void world_reopen(struct world *world);

/* Another handle on the same store, for the caller to close. */
struct chunks *world_open_another(struct world *world);

/* The store's insides, for tests of its parts. */
struct store;
struct store *world_store(struct world *world);

/* Closes all and removes the directory. */
void world_end(struct world *world);

/* Runs `test` on every kind of disk that this machine has. */
void world_for_each(void (*test)(struct world *world));

/* The id and the bytes of pack number `seed`. */
struct pack_id world_pack_id(unsigned seed);
void world_pack_bytes(unsigned seed, void *out, size_t bytes);

/* Writes pack `seed` of `bytes` and finishes it; returns its size with padding. */
uint64_t world_write_pack(struct world *world, unsigned seed, size_t bytes);

/* True when the pack is in the store and has exactly these bytes at its start, then zeros. */
bool world_has_pack(struct chunks *chunks, unsigned seed, size_t bytes);

/* Number of names in a directory of the store ("packs"). */
size_t world_count(struct world *world, const char *directory);

#endif
