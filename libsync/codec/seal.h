/*
 * Keys, signatures, digests and sealed extents, on libsodium (the only user of sodium.h here), or,
 * for the ciphers, on libcrypto where that is there and faster.
 *
 * A site's key is Ed25519 (RFC 8032); X25519 (RFC 7748) is derived from it, so that one 32-byte
 * public key names a site, checks its signatures and wraps keys for it. All functions are pure but
 * for randomness; any thread, after seal_ready() returned once.
 */
#ifndef CODEC_SEAL_H
#define CODEC_SEAL_H

#include <satsync/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SITE_KEY_BYTES = 32, /* a public key, and a seed */
    SIGNATURE_BYTES = 64,
    DIGEST_BYTES = 32,
    DATA_KEY_BYTES = 32,
    WRAPPED_KEY_BYTES = 80, /* a data key in a sealed box: 32 + 32 (ephemeral key) + 16 (tag) */
    SEAL_TAG_BYTES = 16,    /* what sealing adds */
    SEAL_STORE_ID_BYTES = 16
};

/* Must return SATSYNC_OK once before anything else here; more calls are harmless. */
enum satsync_status seal_ready(struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Memory for secrets: locked, guarded, wiped when freed; zeroed; NULL when there is none.
 * secret_free takes NULL. */
void *secret_new(size_t bytes);
void secret_free(void *secret);
void secret_wipe(void *memory, size_t bytes);

/* Unpredictable bytes from the system. */
void secret_random(void *out, size_t bytes);

/* In constant time. */
bool secret_equal(const void *a, const void *b, size_t bytes);

struct site_key {
    uint8_t public_key[SITE_KEY_BYTES];      /* Ed25519 */
    uint8_t seed[SITE_KEY_BYTES];            /* Ed25519; what a key file holds */
    uint8_t exchange_secret[SITE_KEY_BYTES]; /* X25519, derived */
    uint8_t exchange_public[SITE_KEY_BYTES]; /* X25519, derived */
};

/* In secret memory; NULL when there is none. A NULL seed draws a new key. */
struct site_key *site_key_new(const uint8_t seed[SITE_KEY_BYTES]);
void site_key_free(struct site_key *key);

/* The X25519 form of a public key; false when `public_key` is no Ed25519 point of the main group
 * (which includes all keys of small order). */
bool site_key_exchange(const uint8_t public_key[SITE_KEY_BYTES], uint8_t out[SITE_KEY_BYTES]);

/* BLAKE2b-256 (RFC 7693), unkeyed. */
void digest_of(const void *data, size_t bytes, uint8_t out[DIGEST_BYTES]);

struct digest {
    _Alignas(64) uint8_t state[384];
};

void digest_init(struct digest *digest);
void digest_update(struct digest *digest, const void *data, size_t bytes);
void digest_final(struct digest *digest, uint8_t out[DIGEST_BYTES]);

/* Ed25519 over `context`, a zero byte, and the data's digest_of; `context` is a short string that
 * says what is signed, so that no signature passes for one of another kind. */
void site_sign(const struct site_key *key, const char *context, const void *data, size_t bytes,
               uint8_t signature[SIGNATURE_BYTES]);
bool site_verify(const uint8_t public_key[SITE_KEY_BYTES], const char *context, const void *data,
                 size_t bytes, const uint8_t signature[SIGNATURE_BYTES]) SATSYNC_MUST_CHECK;

/* Wraps a pack's data key for a recipient (libsodium's sealed box: anonymous sender; what vouches
 * for the wrapping is the manifest's signature). SATSYNC_INVALID: no valid public key. */
enum satsync_status key_wrap(const uint8_t recipient[SITE_KEY_BYTES],
                             const uint8_t data_key[DATA_KEY_BYTES],
                             uint8_t wrapped[WRAPPED_KEY_BYTES]) SATSYNC_MUST_CHECK;

/* SATSYNC_NO_KEY: not wrapped for this key, or damaged; data_key is then zero. */
enum satsync_status key_unwrap(const struct site_key *key, const uint8_t wrapped[WRAPPED_KEY_BYTES],
                               uint8_t data_key[DATA_KEY_BYTES]) SATSYNC_MUST_CHECK;

/* The values stand in manifests. */
enum seal_algorithm {
    SEAL_AES256_GCM = 1, /* NIST SP 800-38D; libsodium has it on CPUs with AES instructions only */
    SEAL_CHACHA20_POLY1305 = 2 /* RFC 8439; everywhere */
};

/* The fastest that this CPU has. */
enum seal_algorithm seal_best(void);

/* SATSYNC_UNSUPPORTED, with a sentence, for what this CPU lacks or nobody knows. `subject` names
 * the pack. */
enum satsync_status seal_can(uint8_t algorithm, const char *subject,
                             struct satsync_error *error) SATSYNC_MUST_CHECK;

/* The values stand in the additional data of every extent. */
enum seal_kind { SEAL_TENSOR = 1, SEAL_BLOB = 2, SEAL_FILE_HEADER = 3, SEAL_INDEX = 4 };

/* Where an extent belongs. It is authenticated with the extent (except `extent`, which is the
 * nonce), so that an extent opens in its own place only. */
struct seal_place {
    uint8_t store_id[SEAL_STORE_ID_BYTES]; /* the store it was first saved to */
    uint64_t step;                         /* the checkpoint its pack was sealed for */
    enum seal_kind kind;
    uint8_t codec;      /* of the chunk: codec.h */
    uint64_t item;      /* number of the tensor, blob or file; of an index: its part number */
    uint64_t position;  /* byte offset in the item; 0 for an index part */
    uint64_t raw_bytes; /* before coding */
    uint64_t extent;    /* number of the extent in its pack */
};

/* Who computes a cipher; the bytes are the same. */
enum seal_library { SEAL_LIBSODIUM, SEAL_LIBCRYPTO };

/* Seals some text with each and takes the faster; about a millisecond. */
enum seal_library seal_fastest(uint64_t (*now_ns)(void));

/* A pack's key: keep it in secret memory. */
struct seal_key {
    uint8_t bytes[DATA_KEY_BYTES];
    enum seal_algorithm algorithm;
    enum seal_library library;
};

/* sealed[text_bytes + SEAL_TAG_BYTES]; may be `text` itself. No two texts may be sealed with one
 * key and one place->extent, ever. */
void seal_close(const struct seal_key *key, const struct seal_place *place, const uint8_t *text,
                size_t text_bytes, uint8_t *sealed);

/* text[sealed_bytes - SEAL_TAG_BYTES]; may be `sealed` itself. SATSYNC_CORRUPT: the extent, its
 * place or its key is not what was sealed; text is then zero. */
enum satsync_status seal_open(const struct seal_key *key, const struct seal_place *place,
                              const uint8_t *sealed, size_t sealed_bytes,
                              uint8_t *text) SATSYNC_MUST_CHECK;

/* Base64 (RFC 4648 section 4, no padding), in constant time for secrets' sake. `text` must hold
 * base64_text_bytes(bytes) and is terminated. Decoding demands exactly `bytes`. */
size_t base64_text_bytes(size_t bytes);
void base64_encode(const uint8_t *data, size_t bytes, char *text);
bool base64_decode(const char *text, size_t text_bytes, uint8_t *data,
                   size_t bytes) SATSYNC_MUST_CHECK;

#endif
