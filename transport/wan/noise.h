/*
 * The Noise Protocol Framework (revision 34, noiseprotocol.org) for the patterns IK and XX with
 * 25519, BLAKE2b, and ChaChaPoly or AESGCM; and the few primitives that the handshake around it
 * needs. noise.c and keys.c are the files of this folder that see libsodium. Pure but for
 * noise_random.
 */
#ifndef TRANSPORT_WAN_NOISE_H
#define TRANSPORT_WAN_NOISE_H

#include <satsync/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    NOISE_KEY_BYTES = 32,
    NOISE_HASH_BYTES = 64,
    NOISE_TAG_BYTES = 16,
    NOISE_MAC_BYTES = 16,
    NOISE_MESSAGE_BYTES = 65535 /* the framework's limit of one message */
};

enum noise_pattern { NOISE_IK, NOISE_XX };
enum noise_cipher { NOISE_AESGCM, NOISE_CHACHAPOLY };

/* A 25519 key pair. */
struct noise_pair {
    uint8_t secret[NOISE_KEY_BYTES];
    uint8_t public[NOISE_KEY_BYTES];
};

/* The cipher state of the framework: a key and a counting nonce. */
struct noise_cipher_state {
    enum noise_cipher cipher;
    bool keyed;
    uint64_t nonce;
    uint8_t key[NOISE_KEY_BYTES];
};

struct noise_options {
    enum noise_pattern pattern;
    enum noise_cipher cipher;
    bool initiator;
    const void *prologue; /* both ends must hold the same bytes, or the handshake fails */
    size_t prologue_bytes;
    const struct noise_pair *own;       /* static */
    const struct noise_pair *ephemeral; /* fresh for each handshake, never used again */
    const uint8_t *peer;                /* IK's initiator: the responder's static */
};

struct noise {
    enum noise_pattern pattern;
    bool initiator;
    unsigned messages; /* done */
    struct noise_cipher_state state;
    uint8_t chaining[NOISE_HASH_BYTES];
    uint8_t hash[NOISE_HASH_BYTES];
    struct noise_pair own;
    struct noise_pair ephemeral;
    uint8_t peer[NOISE_KEY_BYTES];
    uint8_t peer_ephemeral[NOISE_KEY_BYTES];
    bool knows_peer;
};

/* Whether this CPU has AES-256-GCM in hardware; NOISE_AESGCM may only be used where it does. */
bool noise_has_aesgcm(void);

void noise_init(struct noise *noise, const struct noise_options *options);

/* Bytes that the next message adds to its payload. */
size_t noise_overhead(const struct noise *noise);

/* Writes the next message, noise_overhead() + payload_bytes long, to `out`; it must be this end's
 * turn. SATSYNC_FORGED when the peer's key is a point of low order. */
enum satsync_status noise_write(struct noise *noise, const void *payload, size_t payload_bytes,
                                uint8_t *out) SATSYNC_MUST_CHECK;

/* Reads the peer's next message; the payload, bytes - noise_overhead() long, goes to `payload`,
 * which may not overlap the message.
 * SATSYNC_FORGED: it does not authenticate (another key, prologue or cipher, or changed bytes) and
 * the handshake must be dropped; SATSYNC_PROTOCOL: too short or too long. */
enum satsync_status noise_read(struct noise *noise, const uint8_t *message, size_t bytes,
                               uint8_t *payload) SATSYNC_MUST_CHECK;

bool noise_done(const struct noise *noise);

/* After noise_done: the two transport ciphers; wipes the rest of the state but `hash` and `peer`.
 */
void noise_split(struct noise *noise, struct noise_cipher_state *send,
                 struct noise_cipher_state *receive);

/* A key bound to all that was exchanged so far and to `label`: HKDF of the chaining key over
 * label || hash. Both ends get the same one after the same message. */
void noise_export(const struct noise *noise, const char *label, uint8_t key[NOISE_KEY_BYTES]);

/* The framework's EncryptWithAd and DecryptWithAd, `out` bytes + 16 long and bytes - 16 long; they
 * may overlap exactly. Packets use transport/wan/keys.h instead. */
void noise_encrypt(struct noise_cipher_state *state, const void *text, size_t bytes, uint8_t *out);
enum satsync_status noise_decrypt(struct noise_cipher_state *state, const uint8_t *text,
                                  size_t bytes, uint8_t *out) SATSYNC_MUST_CHECK;

void noise_wipe(void *memory, size_t bytes);

/* Takes the same time wherever they differ. */
bool noise_equal(const void *a, const void *b, size_t bytes);

/* From the operating system. */
void noise_random(void *out, size_t bytes);

/* Keyed BLAKE2b, 16 and 32 bytes long. */
void noise_mac(const uint8_t key[NOISE_KEY_BYTES], const void *data, size_t bytes,
               uint8_t mac[NOISE_MAC_BYTES]);
void noise_derive(const uint8_t key[NOISE_KEY_BYTES], const char *label,
                  uint8_t derived[NOISE_KEY_BYTES]);

void noise_pair_of_secret(const uint8_t secret[NOISE_KEY_BYTES], struct noise_pair *pair);

/* Sites are known by Ed25519 keys; their X25519 forms make the handshake. */
void noise_pair_of_ed25519_seed(const uint8_t seed[NOISE_KEY_BYTES], struct noise_pair *pair);
void noise_ed25519_of_seed(const uint8_t seed[NOISE_KEY_BYTES], uint8_t public[NOISE_KEY_BYTES]);

/* SATSYNC_INVALID when `ed25519` is no point of the main subgroup. */
enum satsync_status noise_public_of_ed25519(const uint8_t ed25519[NOISE_KEY_BYTES],
                                            uint8_t public[NOISE_KEY_BYTES]) SATSYNC_MUST_CHECK;

#endif
