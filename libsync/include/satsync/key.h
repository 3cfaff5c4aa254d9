/*
 * Site keys. A site is known by an Ed25519 public key; its key file holds the secret.
 */
#ifndef SATSYNC_KEY_H
#define SATSYNC_KEY_H

#include <satsync/status.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { SATSYNC_PUBLIC_KEY_BYTES = 32, SATSYNC_PUBLIC_KEY_TEXT_BYTES = 64 };

struct satsync_public_key {
    uint8_t bytes[SATSYNC_PUBLIC_KEY_BYTES];
};

/* A secret key in memory that is locked where the system allows it, and wiped when freed. */
struct satsync_key;

/* Makes PATH (mode 0600) and PATH.pub; refuses to replace either. *public_key may be NULL. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_key_generate(const char *path, struct satsync_public_key *public_key,
                     struct satsync_error *error);

/* Reads a key file; refuses one that others may read. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_key_load(const char *path, struct satsync_key **key, struct satsync_error *error);

SATSYNC_API void satsync_key_free(struct satsync_key *key);

SATSYNC_API void satsync_key_public(const struct satsync_key *key,
                                    struct satsync_public_key *public_key);

/* Reads a .pub file. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_public_key_load(const char *path, struct satsync_public_key *key,
                        struct satsync_error *error);

/* Base64, as in a .pub file; always terminated. Pure. */
SATSYNC_API void satsync_public_key_text(const struct satsync_public_key *key,
                                         char out[SATSYNC_PUBLIC_KEY_TEXT_BYTES]);

#ifdef __cplusplus
}
#endif
#endif
