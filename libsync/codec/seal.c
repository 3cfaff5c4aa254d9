#include "codec/seal.h"

#include "base/bytes.h"
#include "base/check.h"
#include "codec/seal_libcrypto.h"

#include <sodium.h>
#include <string.h>

static_assert(SITE_KEY_BYTES == crypto_sign_ed25519_SEEDBYTES, "");
static_assert(SITE_KEY_BYTES == crypto_sign_ed25519_PUBLICKEYBYTES, "");
static_assert(SIGNATURE_BYTES == crypto_sign_ed25519_BYTES, "");
static_assert(WRAPPED_KEY_BYTES == DATA_KEY_BYTES + crypto_box_SEALBYTES, "");
static_assert(sizeof(struct digest) >= sizeof(crypto_generichash_blake2b_state), "");
static_assert(SEAL_TAG_BYTES == crypto_aead_aes256gcm_ABYTES, "");
static_assert(SEAL_TAG_BYTES == crypto_aead_chacha20poly1305_ietf_ABYTES, "");

static_assert(SEAL_NONCE_BYTES == crypto_aead_aes256gcm_NPUBBYTES, "");
static_assert(SEAL_NONCE_BYTES == crypto_aead_chacha20poly1305_ietf_NPUBBYTES, "");

enum satsync_status seal_ready(struct satsync_error *error) {
    ENSURE(sodium_init() >= 0, error, SATSYNC_IO, "libsodium",
           "the system gives no random numbers; check that /dev/urandom is there");
    return SATSYNC_OK;
}

void *secret_new(size_t bytes) {
    void *secret = sodium_malloc(bytes);
    if (secret) {
        memset(secret, 0, bytes);
    }
    return secret;
}

void secret_free(void *secret) {
    sodium_free(secret);
}

void secret_wipe(void *memory, size_t bytes) {
    sodium_memzero(memory, bytes);
}

void secret_random(void *out, size_t bytes) {
    randombytes_buf(out, bytes);
}

bool secret_equal(const void *a, const void *b, size_t bytes) {
    return sodium_memcmp(a, b, bytes) == 0;
}

struct site_key *site_key_new(const uint8_t seed[SITE_KEY_BYTES]) {
    struct site_key *key = secret_new(sizeof *key);
    uint8_t *pair = secret_new(crypto_sign_ed25519_SECRETKEYBYTES);
    if (!key || !pair) {
        secret_free(key);
        secret_free(pair);
        return NULL;
    }
    if (seed) {
        memcpy(key->seed, seed, SITE_KEY_BYTES);
    } else {
        secret_random(key->seed, SITE_KEY_BYTES);
    }
    int failed = crypto_sign_ed25519_seed_keypair(key->public_key, pair, key->seed);
    failed |= crypto_sign_ed25519_sk_to_curve25519(key->exchange_secret, pair);
    failed |= crypto_scalarmult_curve25519_base(key->exchange_public, key->exchange_secret);
    assert(!failed);
    secret_free(pair);
    return key;
}

void site_key_free(struct site_key *key) {
    secret_free(key);
}

bool site_key_exchange(const uint8_t public_key[SITE_KEY_BYTES], uint8_t out[SITE_KEY_BYTES]) {
    return crypto_sign_ed25519_pk_to_curve25519(out, public_key) == 0;
}

void digest_of(const void *data, size_t bytes, uint8_t out[DIGEST_BYTES]) {
    crypto_generichash_blake2b(out, DIGEST_BYTES, data, bytes, NULL, 0);
}

void digest_init(struct digest *digest) {
    crypto_generichash_blake2b_init((void *)digest->state, NULL, 0, DIGEST_BYTES);
}

void digest_update(struct digest *digest, const void *data, size_t bytes) {
    crypto_generichash_blake2b_update((void *)digest->state, data, bytes);
}

void digest_final(struct digest *digest, uint8_t out[DIGEST_BYTES]) {
    crypto_generichash_blake2b_final((void *)digest->state, out, DIGEST_BYTES);
}

enum { SIGNED_BYTES_MAX = 64 + 1 + DIGEST_BYTES };

static size_t signed_text(const char *context, const void *data, size_t bytes,
                          uint8_t out[SIGNED_BYTES_MAX]) {
    size_t length = strlen(context) + 1;
    assert(length + DIGEST_BYTES <= SIGNED_BYTES_MAX);
    memcpy(out, context, length);
    digest_of(data, bytes, out + length);
    return length + DIGEST_BYTES;
}

void site_sign(const struct site_key *key, const char *context, const void *data, size_t bytes,
               uint8_t signature[SIGNATURE_BYTES]) {
    uint8_t text[SIGNED_BYTES_MAX];
    uint8_t pair[crypto_sign_ed25519_SECRETKEYBYTES];
    /* libsodium's secret key is the seed and the public key, one after the other. */
    memcpy(pair, key->seed, SITE_KEY_BYTES);
    memcpy(pair + SITE_KEY_BYTES, key->public_key, SITE_KEY_BYTES);
    size_t length = signed_text(context, data, bytes, text);
    crypto_sign_ed25519_detached(signature, NULL, text, length, pair);
    secret_wipe(pair, sizeof pair);
}

bool site_verify(const uint8_t public_key[SITE_KEY_BYTES], const char *context, const void *data,
                 size_t bytes, const uint8_t signature[SIGNATURE_BYTES]) {
    uint8_t text[SIGNED_BYTES_MAX];
    size_t length = signed_text(context, data, bytes, text);
    return crypto_sign_ed25519_verify_detached(signature, text, length, public_key) == 0;
}

enum satsync_status key_wrap(const uint8_t recipient[SITE_KEY_BYTES],
                             const uint8_t data_key[DATA_KEY_BYTES],
                             uint8_t wrapped[WRAPPED_KEY_BYTES]) {
    uint8_t exchange[SITE_KEY_BYTES];
    bool made = site_key_exchange(recipient, exchange) &&
                crypto_box_seal(wrapped, data_key, DATA_KEY_BYTES, exchange) == 0;
    return made ? SATSYNC_OK : SATSYNC_INVALID;
}

enum satsync_status key_unwrap(const struct site_key *key, const uint8_t wrapped[WRAPPED_KEY_BYTES],
                               uint8_t data_key[DATA_KEY_BYTES]) {
    if (crypto_box_seal_open(data_key, wrapped, WRAPPED_KEY_BYTES, key->exchange_public,
                             key->exchange_secret) != 0) {
        secret_wipe(data_key, DATA_KEY_BYTES);
        return SATSYNC_NO_KEY;
    }
    return SATSYNC_OK;
}

enum seal_algorithm seal_best(void) {
    return crypto_aead_aes256gcm_is_available() ? SEAL_AES256_GCM : SEAL_CHACHA20_POLY1305;
}

enum satsync_status seal_can(uint8_t algorithm, const char *subject, struct satsync_error *error) {
    ENSURE(algorithm == SEAL_AES256_GCM || algorithm == SEAL_CHACHA20_POLY1305, error,
           SATSYNC_UNSUPPORTED, subject,
           "it is sealed with cipher %u, which this version does not know; use a newer satsync",
           algorithm);
    ENSURE(algorithm != SEAL_AES256_GCM || crypto_aead_aes256gcm_is_available() ||
               libcrypto_is_there(),
           error, SATSYNC_UNSUPPORTED, subject,
           "it is sealed with AES-256-GCM, which this CPU has no instructions for; restore it on a "
           "machine that has AES and carry-less multiplication");
    return SATSYNC_OK;
}

/*
 * The nonce is the extent's number in its pack: each pack has a random key of its own and a pack is
 * written once, front to back, so no number comes twice under a key, however many chunks there are;
 * random 96-bit nonces would not allow that claim. A save that failed throws its pack and its key
 * away.
 */
static void nonce_of(const struct seal_place *place, uint8_t nonce[SEAL_NONCE_BYTES]) {
    memset(nonce, 0, SEAL_NONCE_BYTES);
    store_le64(nonce, place->extent);
}

static void place_text(const struct seal_place *place, uint8_t out[SEAL_PLACE_BYTES]) {
    static const char word[17] = "satsync extent 1";
    struct bytes_writer writer = bytes_writer_over(out, SEAL_PLACE_BYTES);
    bytes_put(&writer, word, 16);
    bytes_put(&writer, place->store_id, SEAL_STORE_ID_BYTES);
    bytes_put_u64(&writer, place->step);
    bytes_put_u8(&writer, (uint8_t)place->kind);
    bytes_put_u8(&writer, place->codec);
    bytes_put_u64(&writer, place->item);
    bytes_put_u64(&writer, place->position);
    bytes_put_u64(&writer, place->raw_bytes);
    assert(!writer.failed && bytes_room(&writer) == 0);
}

static struct seal_input input_of(const struct seal_key *key, const struct seal_place *place,
                                  const uint8_t *in, size_t bytes, uint8_t *out) {
    struct seal_input input = {.key = key, .in = in, .bytes = bytes, .out = out};
    nonce_of(place, input.nonce);
    place_text(place, input.place);
    return input;
}

static enum seal_answer sodium_close(const struct seal_input *input) {
    const struct seal_key *key = input->key;
    int failed;
    if (key->algorithm == SEAL_AES256_GCM) {
        failed =
            crypto_aead_aes256gcm_encrypt(input->out, NULL, input->in, input->bytes, input->place,
                                          SEAL_PLACE_BYTES, NULL, input->nonce, key->bytes);
    } else {
        assert(key->algorithm == SEAL_CHACHA20_POLY1305);
        failed = crypto_aead_chacha20poly1305_ietf_encrypt(
            input->out, NULL, input->in, input->bytes, input->place, SEAL_PLACE_BYTES, NULL,
            input->nonce, key->bytes);
    }
    return failed ? SEAL_FAILED : SEAL_DONE;
}

static enum seal_answer sodium_open(const struct seal_input *input) {
    const struct seal_key *key = input->key;
    size_t sealed_bytes = input->bytes + SEAL_TAG_BYTES;
    if (key->algorithm == SEAL_AES256_GCM) {
        return crypto_aead_aes256gcm_is_available() &&
                       crypto_aead_aes256gcm_decrypt(input->out, NULL, NULL, input->in,
                                                     sealed_bytes, input->place, SEAL_PLACE_BYTES,
                                                     input->nonce, key->bytes) == 0
                   ? SEAL_DONE
                   : SEAL_FORGED;
    }
    assert(key->algorithm == SEAL_CHACHA20_POLY1305);
    return crypto_aead_chacha20poly1305_ietf_decrypt(input->out, NULL, NULL, input->in,
                                                     sealed_bytes, input->place, SEAL_PLACE_BYTES,
                                                     input->nonce, key->bytes) == 0
               ? SEAL_DONE
               : SEAL_FORGED;
}

void seal_close(const struct seal_key *key, const struct seal_place *place, const uint8_t *text,
                size_t text_bytes, uint8_t *sealed) {
    const struct seal_input input = input_of(key, place, text, text_bytes, sealed);
    enum seal_answer answer = SEAL_FAILED;
    if (key->library == SEAL_LIBCRYPTO) {
        answer = libcrypto_close(&input);
    }
    if (answer == SEAL_FAILED) {
        answer = sodium_close(&input);
    }
    assert(answer == SEAL_DONE);
}

enum satsync_status seal_open(const struct seal_key *key, const struct seal_place *place,
                              const uint8_t *sealed, size_t sealed_bytes, uint8_t *text) {
    if (sealed_bytes < SEAL_TAG_BYTES) {
        return SATSYNC_CORRUPT;
    }
    if (seal_can((uint8_t)key->algorithm, NULL, NULL) != SATSYNC_OK) {
        return SATSYNC_UNSUPPORTED;
    }
    const struct seal_input input =
        input_of(key, place, sealed, sealed_bytes - SEAL_TAG_BYTES, text);
    enum seal_answer answer = SEAL_FAILED;
    /* What libsodium lacks on this CPU libcrypto has, slowly. */
    if (key->library == SEAL_LIBCRYPTO ||
        (key->algorithm == SEAL_AES256_GCM && !crypto_aead_aes256gcm_is_available())) {
        answer = libcrypto_open(&input);
    }
    if (answer == SEAL_FAILED) {
        answer = sodium_open(&input);
    }
    if (answer != SEAL_DONE) {
        memset(text, 0, sealed_bytes - SEAL_TAG_BYTES);
        return SATSYNC_CORRUPT;
    }
    return SATSYNC_OK;
}

enum { TRIAL_BYTES = 1 << 16, TRIALS = 4 };

static uint64_t trial_ns(enum seal_library library, uint8_t *text, uint64_t (*now_ns)(void)) {
    const struct seal_key key = {{0}, seal_best(), library};
    const struct seal_place place = {.kind = SEAL_TENSOR};
    uint64_t least_ns = UINT64_MAX;
    for (int i = 0; i < TRIALS; i++) { /* the first one warms up */
        uint64_t start_ns = now_ns();
        seal_close(&key, &place, text, TRIAL_BYTES, text);
        uint64_t spent_ns = now_ns() - start_ns;
        least_ns = spent_ns < least_ns ? spent_ns : least_ns;
    }
    return least_ns;
}

enum seal_library seal_fastest(uint64_t (*now_ns)(void)) {
    uint8_t text[TRIAL_BYTES + SEAL_TAG_BYTES] = {0};
    if (!libcrypto_is_there()) {
        return SEAL_LIBSODIUM;
    }
    uint64_t libsodium_ns = trial_ns(SEAL_LIBSODIUM, text, now_ns);
    uint64_t libcrypto_ns = trial_ns(SEAL_LIBCRYPTO, text, now_ns);
    return libcrypto_ns < libsodium_ns ? SEAL_LIBCRYPTO : SEAL_LIBSODIUM;
}

size_t base64_text_bytes(size_t bytes) {
    return sodium_base64_encoded_len(bytes, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}

void base64_encode(const uint8_t *data, size_t bytes, char *text) {
    sodium_bin2base64(text, base64_text_bytes(bytes), data, bytes,
                      sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}

bool base64_decode(const char *text, size_t text_bytes, uint8_t *data, size_t bytes) {
    size_t got = 0;
    const char *end = NULL;
    return sodium_base642bin(data, bytes, text, text_bytes, NULL, &got, &end,
                             sodium_base64_VARIANT_ORIGINAL_NO_PADDING) == 0 &&
           got == bytes && end == text + text_bytes;
}
