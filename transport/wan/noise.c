#include "transport/wan/noise.h"

#include "base/bytes.h"
#include "base/check.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { HMAC_BLOCK_BYTES = 128, NONCE_BYTES = 12, NAME_BYTES = 64 };

enum token { END, E, S, EE, ES, SE, SS };

enum { MESSAGE_TOKENS = 5, PATTERN_MESSAGES = 3 };

/* Section 7.5 of the specification. Messages alternate, the initiator's first. */
static const struct {
    const char *name;
    unsigned messages;
    bool responder_is_known;
    enum token tokens[PATTERN_MESSAGES][MESSAGE_TOKENS];
} patterns[] = {
    [NOISE_IK] = {"IK", 2, true, {{E, ES, S, SS}, {E, EE, SE}}},
    [NOISE_XX] = {"XX", 3, false, {{E}, {E, EE, S, ES}, {S, SE}}},
};

static void ready(void) {
    /* Idempotent and thread-safe; fails only when the system has no randomness to give. */
    if (sodium_init() < 0) {
        abort();
    }
}

bool noise_has_aesgcm(void) {
    ready();
    return crypto_aead_aes256gcm_is_available() != 0;
}

void noise_wipe(void *memory, size_t bytes) {
    sodium_memzero(memory, bytes);
}

bool noise_equal(const void *a, const void *b, size_t bytes) {
    return sodium_memcmp(a, b, bytes) == 0;
}

void noise_random(void *out, size_t bytes) {
    ready();
    randombytes_buf(out, bytes);
}

void noise_mac(const uint8_t key[NOISE_KEY_BYTES], const void *data, size_t bytes,
               uint8_t mac[NOISE_MAC_BYTES]) {
    crypto_generichash(mac, NOISE_MAC_BYTES, data, bytes, key, NOISE_KEY_BYTES);
}

void noise_derive(const uint8_t key[NOISE_KEY_BYTES], const char *label,
                  uint8_t derived[NOISE_KEY_BYTES]) {
    crypto_generichash(derived, NOISE_KEY_BYTES, (const uint8_t *)label, strlen(label), key,
                       NOISE_KEY_BYTES);
}

void noise_pair_of_secret(const uint8_t secret[NOISE_KEY_BYTES], struct noise_pair *pair) {
    memmove(pair->secret, secret, NOISE_KEY_BYTES);
    crypto_scalarmult_base(pair->public, pair->secret);
}

void noise_ed25519_of_seed(const uint8_t seed[NOISE_KEY_BYTES], uint8_t public[NOISE_KEY_BYTES]) {
    uint8_t secret[crypto_sign_ed25519_SECRETKEYBYTES];
    crypto_sign_ed25519_seed_keypair(public, secret, seed);
    noise_wipe(secret, sizeof secret);
}

void noise_pair_of_ed25519_seed(const uint8_t seed[NOISE_KEY_BYTES], struct noise_pair *pair) {
    uint8_t public[crypto_sign_ed25519_PUBLICKEYBYTES];
    uint8_t secret[crypto_sign_ed25519_SECRETKEYBYTES];
    crypto_sign_ed25519_seed_keypair(public, secret, seed);
    if (crypto_sign_ed25519_sk_to_curve25519(pair->secret, secret) != 0) {
        abort();
    }
    noise_wipe(secret, sizeof secret);
    crypto_scalarmult_base(pair->public, pair->secret);
}

enum satsync_status noise_public_of_ed25519(const uint8_t ed25519[NOISE_KEY_BYTES],
                                            uint8_t public[NOISE_KEY_BYTES]) {
    return crypto_sign_ed25519_pk_to_curve25519(public, ed25519) == 0 ? SATSYNC_OK
                                                                      : SATSYNC_INVALID;
}

/* HMAC (RFC 2104) over unkeyed BLAKE2b, as section 4.3 asks for; libsodium only has the keyed mode,
 * which gives other bytes. */
struct hmac {
    crypto_generichash_blake2b_state inner;
    uint8_t pad[HMAC_BLOCK_BYTES];
};

static void hmac_begin(struct hmac *hmac, const uint8_t key[NOISE_HASH_BYTES]) {
    memset(hmac->pad, 0x36, sizeof hmac->pad);
    for (size_t i = 0; i < NOISE_HASH_BYTES; i++) {
        hmac->pad[i] ^= key[i];
    }
    crypto_generichash_blake2b_init(&hmac->inner, NULL, 0, NOISE_HASH_BYTES);
    crypto_generichash_blake2b_update(&hmac->inner, hmac->pad, sizeof hmac->pad);
}

static void hmac_add(struct hmac *hmac, const void *data, size_t bytes) {
    crypto_generichash_blake2b_update(&hmac->inner, data, bytes);
}

static void hmac_end(struct hmac *hmac, uint8_t out[NOISE_HASH_BYTES]) {
    uint8_t digest[NOISE_HASH_BYTES];
    crypto_generichash_blake2b_final(&hmac->inner, digest, sizeof digest);
    for (size_t i = 0; i < sizeof hmac->pad; i++) {
        hmac->pad[i] ^= 0x36 ^ 0x5c;
    }
    crypto_generichash_blake2b_init(&hmac->inner, NULL, 0, NOISE_HASH_BYTES);
    crypto_generichash_blake2b_update(&hmac->inner, hmac->pad, sizeof hmac->pad);
    crypto_generichash_blake2b_update(&hmac->inner, digest, sizeof digest);
    crypto_generichash_blake2b_final(&hmac->inner, out, NOISE_HASH_BYTES);
    noise_wipe(digest, sizeof digest);
    noise_wipe(hmac, sizeof *hmac);
}

/* The framework's HKDF with two outputs. `temporary` is HMAC(chaining key, input material). */
static void hkdf_expand(const uint8_t temporary[NOISE_HASH_BYTES], uint8_t first[NOISE_HASH_BYTES],
                        uint8_t second[NOISE_HASH_BYTES]) {
    struct hmac hmac;
    const uint8_t one = 1;
    const uint8_t two = 2;
    hmac_begin(&hmac, temporary);
    hmac_add(&hmac, &one, 1);
    hmac_end(&hmac, first);
    hmac_begin(&hmac, temporary);
    hmac_add(&hmac, first, NOISE_HASH_BYTES);
    hmac_add(&hmac, &two, 1);
    hmac_end(&hmac, second);
}

static void hkdf(const uint8_t chaining[NOISE_HASH_BYTES], const void *material, size_t bytes,
                 uint8_t first[NOISE_HASH_BYTES], uint8_t second[NOISE_HASH_BYTES]) {
    struct hmac hmac;
    uint8_t temporary[NOISE_HASH_BYTES];
    hmac_begin(&hmac, chaining);
    hmac_add(&hmac, material, bytes);
    hmac_end(&hmac, temporary);
    hkdf_expand(temporary, first, second);
    noise_wipe(temporary, sizeof temporary);
}

static void cipher_nonce(const struct noise_cipher_state *state, uint8_t nonce[NONCE_BYTES]) {
    memset(nonce, 0, 4);
    /* Section 12: little-endian for ChaChaPoly, big-endian for AESGCM. */
    store_le64(nonce + 4,
               state->cipher == NOISE_AESGCM ? __builtin_bswap64(state->nonce) : state->nonce);
}

static void encrypt_with(struct noise_cipher_state *state, const struct noise *noise,
                         const void *text, size_t bytes, uint8_t *out) {
    const uint8_t *ad = noise ? noise->hash : NULL;
    size_t ad_bytes = noise ? NOISE_HASH_BYTES : 0;
    uint8_t nonce[NONCE_BYTES];
    cipher_nonce(state, nonce);
    assert(state->nonce < UINT64_MAX);
    state->nonce++;
    if (state->cipher == NOISE_AESGCM) {
        crypto_aead_aes256gcm_encrypt(out, NULL, text, bytes, ad, ad_bytes, NULL, nonce,
                                      state->key);
    } else {
        crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, text, bytes, ad, ad_bytes, NULL, nonce,
                                                  state->key);
    }
}

static bool decrypt_with(struct noise_cipher_state *state, const struct noise *noise,
                         const uint8_t *text, size_t bytes, uint8_t *out) {
    const uint8_t *ad = noise ? noise->hash : NULL;
    size_t ad_bytes = noise ? NOISE_HASH_BYTES : 0;
    uint8_t nonce[NONCE_BYTES];
    cipher_nonce(state, nonce);
    int failed;
    if (state->cipher == NOISE_AESGCM) {
        failed = crypto_aead_aes256gcm_decrypt(out, NULL, NULL, text, bytes, ad, ad_bytes, nonce,
                                               state->key);
    } else {
        failed = crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, text, bytes, ad,
                                                           ad_bytes, nonce, state->key);
    }
    if (failed) {
        return false;
    }
    state->nonce++;
    return true;
}

void noise_encrypt(struct noise_cipher_state *state, const void *text, size_t bytes, uint8_t *out) {
    assert(state->keyed);
    encrypt_with(state, NULL, text, bytes, out);
}

enum satsync_status noise_decrypt(struct noise_cipher_state *state, const uint8_t *text,
                                  size_t bytes, uint8_t *out) {
    assert(state->keyed);
    if (bytes < NOISE_TAG_BYTES) {
        return SATSYNC_PROTOCOL;
    }
    return decrypt_with(state, NULL, text, bytes, out) ? SATSYNC_OK : SATSYNC_FORGED;
}

static void mix_hash(struct noise *noise, const void *data, size_t bytes) {
    crypto_generichash_blake2b_state state;
    crypto_generichash_blake2b_init(&state, NULL, 0, NOISE_HASH_BYTES);
    crypto_generichash_blake2b_update(&state, noise->hash, NOISE_HASH_BYTES);
    crypto_generichash_blake2b_update(&state, data, bytes);
    crypto_generichash_blake2b_final(&state, noise->hash, NOISE_HASH_BYTES);
}

static void mix_key(struct noise *noise, const uint8_t shared[NOISE_KEY_BYTES]) {
    uint8_t key[NOISE_HASH_BYTES];
    hkdf(noise->chaining, shared, NOISE_KEY_BYTES, noise->chaining, key);
    memcpy(noise->state.key, key, NOISE_KEY_BYTES);
    noise->state.keyed = true;
    noise->state.nonce = 0;
    noise_wipe(key, sizeof key);
}

static size_t encrypt_and_hash(struct noise *noise, const void *text, size_t bytes, uint8_t *out) {
    size_t written = bytes;
    if (noise->state.keyed) {
        encrypt_with(&noise->state, noise, text, bytes, out);
        written += NOISE_TAG_BYTES;
    } else if (bytes > 0) {
        memmove(out, text, bytes);
    }
    mix_hash(noise, out, written);
    return written;
}

/* `bytes` of ciphertext, tag included; `out` may not overlap it. */
static bool decrypt_and_hash(struct noise *noise, const uint8_t *text, size_t bytes, uint8_t *out) {
    if (noise->state.keyed) {
        if (!decrypt_with(&noise->state, noise, text, bytes, out)) {
            return false;
        }
    } else if (bytes > 0) {
        memmove(out, text, bytes);
    }
    mix_hash(noise, text, bytes);
    return true;
}

static bool mix_shared(struct noise *noise, const uint8_t secret[NOISE_KEY_BYTES],
                       const uint8_t public[NOISE_KEY_BYTES]) {
    uint8_t shared[NOISE_KEY_BYTES];
    bool good = crypto_scalarmult(shared, secret, public) == 0;
    if (good) {
        mix_key(noise, shared);
    }
    noise_wipe(shared, sizeof shared);
    return good;
}

/* In ES and SE the first letter is the initiator's key. */
static bool mix_token(struct noise *noise, enum token token) {
    bool own_is_ephemeral =
        token == EE || (token == ES && noise->initiator) || (token == SE && !noise->initiator);
    bool peer_is_ephemeral =
        token == EE || (token == SE && noise->initiator) || (token == ES && !noise->initiator);
    return mix_shared(noise, own_is_ephemeral ? noise->ephemeral.secret : noise->own.secret,
                      peer_is_ephemeral ? noise->peer_ephemeral : noise->peer);
}

static const enum token *next_tokens(const struct noise *noise) {
    assert(!noise_done(noise));
    return patterns[noise->pattern].tokens[noise->messages];
}

static bool is_own_turn(const struct noise *noise) {
    return noise->initiator == (noise->messages % 2 == 0);
}

void noise_init(struct noise *noise, const struct noise_options *options) {
    assert(options->cipher != NOISE_AESGCM || noise_has_aesgcm());
    ready();
    memset(noise, 0, sizeof *noise);
    noise->pattern = options->pattern;
    noise->initiator = options->initiator;
    noise->state.cipher = options->cipher;
    noise->own = *options->own;
    noise->ephemeral = *options->ephemeral;

    /* Names shorter than the hash are padded with zeros (section 5.2). */
    uint8_t name[NAME_BYTES] = "Noise_??_25519_";
    memcpy(name + 6, patterns[options->pattern].name, 2);
    const char *rest = options->cipher == NOISE_AESGCM ? "AESGCM_BLAKE2b" : "ChaChaPoly_BLAKE2b";
    memcpy(name + 15, rest, strlen(rest));
    memcpy(noise->hash, name, sizeof name);
    memcpy(noise->chaining, name, sizeof name);
    mix_hash(noise, options->prologue, options->prologue_bytes);

    if (patterns[options->pattern].responder_is_known) {
        if (options->initiator) {
            memcpy(noise->peer, options->peer, NOISE_KEY_BYTES);
            noise->knows_peer = true;
        }
        mix_hash(noise, options->initiator ? noise->peer : noise->own.public, NOISE_KEY_BYTES);
    }
}

size_t noise_overhead(const struct noise *noise) {
    size_t bytes = 0;
    bool keyed = noise->state.keyed;
    for (const enum token *token = next_tokens(noise); *token != END; token++) {
        if (*token == E) {
            bytes += NOISE_KEY_BYTES;
        } else if (*token == S) {
            bytes += NOISE_KEY_BYTES + (keyed ? NOISE_TAG_BYTES : 0);
        } else {
            keyed = true;
        }
    }
    return bytes + (keyed ? NOISE_TAG_BYTES : 0);
}

enum satsync_status noise_write(struct noise *noise, const void *payload, size_t payload_bytes,
                                uint8_t *out) {
    assert(is_own_turn(noise));
    assert(payload_bytes + noise_overhead(noise) <= NOISE_MESSAGE_BYTES);
    for (const enum token *token = next_tokens(noise); *token != END; token++) {
        if (*token == E) {
            memcpy(out, noise->ephemeral.public, NOISE_KEY_BYTES);
            mix_hash(noise, out, NOISE_KEY_BYTES);
            out += NOISE_KEY_BYTES;
        } else if (*token == S) {
            out += encrypt_and_hash(noise, noise->own.public, NOISE_KEY_BYTES, out);
        } else if (!mix_token(noise, *token)) {
            return SATSYNC_FORGED;
        }
    }
    encrypt_and_hash(noise, payload, payload_bytes, out);
    noise->messages++;
    return SATSYNC_OK;
}

enum satsync_status noise_read(struct noise *noise, const uint8_t *message, size_t bytes,
                               uint8_t *payload) {
    assert(!is_own_turn(noise));
    if (bytes < noise_overhead(noise) || bytes > NOISE_MESSAGE_BYTES) {
        return SATSYNC_PROTOCOL;
    }
    struct bytes_reader reader = bytes_reader_over(message, bytes);
    for (const enum token *token = next_tokens(noise); *token != END; token++) {
        if (*token == E) {
            bytes_get_copy(&reader, noise->peer_ephemeral, NOISE_KEY_BYTES);
            mix_hash(noise, noise->peer_ephemeral, NOISE_KEY_BYTES);
        } else if (*token == S) {
            size_t count = NOISE_KEY_BYTES + (noise->state.keyed ? NOISE_TAG_BYTES : 0);
            if (!decrypt_and_hash(noise, bytes_get_view(&reader, count), count, noise->peer)) {
                return SATSYNC_FORGED;
            }
            noise->knows_peer = true;
        } else if (!mix_token(noise, *token)) {
            return SATSYNC_FORGED;
        }
    }
    if (!decrypt_and_hash(noise, reader.at, bytes_left(&reader), payload)) {
        return SATSYNC_FORGED;
    }
    noise->messages++;
    return SATSYNC_OK;
}

bool noise_done(const struct noise *noise) {
    return noise->messages == patterns[noise->pattern].messages;
}

static void split_key(struct noise_cipher_state *state, enum noise_cipher cipher,
                      const uint8_t key[NOISE_HASH_BYTES]) {
    state->cipher = cipher;
    state->keyed = true;
    state->nonce = 0;
    memcpy(state->key, key, NOISE_KEY_BYTES);
}

void noise_split(struct noise *noise, struct noise_cipher_state *send,
                 struct noise_cipher_state *receive) {
    assert(noise_done(noise));
    uint8_t first[NOISE_HASH_BYTES];
    uint8_t second[NOISE_HASH_BYTES];
    hkdf(noise->chaining, NULL, 0, first, second);
    split_key(send, noise->state.cipher, noise->initiator ? first : second);
    split_key(receive, noise->state.cipher, noise->initiator ? second : first);
    noise_wipe(first, sizeof first);
    noise_wipe(second, sizeof second);
    noise_wipe(&noise->state, sizeof noise->state);
    noise_wipe(noise->chaining, sizeof noise->chaining);
    noise_wipe(&noise->own, sizeof noise->own);
    noise_wipe(&noise->ephemeral, sizeof noise->ephemeral);
}

void noise_export(const struct noise *noise, const char *label, uint8_t key[NOISE_KEY_BYTES]) {
    struct hmac hmac;
    uint8_t temporary[NOISE_HASH_BYTES];
    uint8_t first[NOISE_HASH_BYTES];
    uint8_t second[NOISE_HASH_BYTES];
    hmac_begin(&hmac, noise->chaining);
    hmac_add(&hmac, label, strlen(label));
    hmac_add(&hmac, noise->hash, NOISE_HASH_BYTES);
    hmac_end(&hmac, temporary);
    hkdf_expand(temporary, first, second);
    memcpy(key, first, NOISE_KEY_BYTES);
    noise_wipe(temporary, sizeof temporary);
    noise_wipe(first, sizeof first);
    noise_wipe(second, sizeof second);
}
