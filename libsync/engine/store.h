/*
 * An open store: the chunk store with the identity and trust around it. See <satsync/store.h>.
 */
#ifndef ENGINE_STORE_H
#define ENGINE_STORE_H

#include "engine/engine.h"
#include "engine/identity.h"
#include "engine/key.h"
#include "model/manifest.h"

#include <satsync/store.h>

struct satsync_store {
    struct satsync_engine *engine;
    struct disk *disk;
    struct chunks *chunks;
    const struct satsync_key *key; /* may be NULL */
    struct identity identity;
    char path[]; /* as the caller gave it */
};

/* A second handle on the same directory, for another thread. */
enum satsync_status store_duplicate(const struct satsync_store *store,
                                    struct satsync_store **duplicate,
                                    struct satsync_error *error) SATSYNC_MUST_CHECK;

/* A manifest that was read, checked and decoded. */
struct store_manifest {
    uint8_t *data; /* the root's bytes */
    size_t bytes;
    uint8_t digest[DIGEST_BYTES];
    struct manifest root;
    const struct allocator *allocator;
};

/* Checks the signature and that the store trusts the signer, then decodes. Takes `data`, heap
 * memory of the engine's allocator, in any case. */
enum satsync_status store_manifest_check(struct satsync_store *store, uint8_t *data, size_t bytes,
                                         struct store_manifest *manifest,
                                         struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Reads and checks the manifest of a committed step. */
enum satsync_status store_manifest_read(struct satsync_store *store, uint64_t step,
                                        struct store_manifest *manifest,
                                        struct satsync_error *error) SATSYNC_MUST_CHECK;
void store_manifest_fini(struct store_manifest *manifest);

/* What the signature of a manifest covers besides its bytes. */
#define STORE_MANIFEST_SIGNED_AS "satsync manifest"

/* The first 8 bytes of a manifest's digest in hexadecimal, for messages. */
enum { STORE_DIGEST_TEXT_BYTES = 17 };
void store_digest_text(const uint8_t digest[DIGEST_BYTES], char out[STORE_DIGEST_TEXT_BYTES]);

/* "step 12", for messages. */
void store_step_text(uint64_t step, char out[32]);

#endif
