#include "transport/wan/keys.h"

#include "base/bytes.h"

#include <sodium.h>
#include <string.h>

enum { NONCE_BYTES = 12 };

static const char next_label[] = "satsync next generation";

_Static_assert(sizeof(crypto_aead_aes256gcm_state) == WAN_KEY_SCHEDULE_BYTES,
               "the key schedule's room is libsodium's state");

void wan_key_set(struct wan_key *key, enum wan_cipher cipher, const uint8_t secret[WAN_KEY_BYTES]) {
    key->cipher = cipher;
    memmove(key->secret, secret, WAN_KEY_BYTES);
    if (cipher == WAN_AES256GCM) {
        crypto_aead_aes256gcm_beforenm((crypto_aead_aes256gcm_state *)key->schedule, key->secret);
    }
}

void wan_key_wipe(struct wan_key *key) {
    sodium_memzero(key, sizeof *key);
}

static void packet_nonce(const struct wan_packet *packet, uint8_t nonce[NONCE_BYTES]) {
    store_le32(nonce, packet->path);
    store_le64(nonce + 4, packet->number);
}

void wan_key_seal(const struct wan_key *key, const struct wan_packet *packet) {
    uint8_t nonce[NONCE_BYTES];
    packet_nonce(packet, nonce);
    uint8_t *text = packet->payload;
    uint8_t *tag = text + packet->payload_bytes;
    if (key->cipher == WAN_AES256GCM) {
        crypto_aead_aes256gcm_encrypt_detached_afternm(
            text, tag, NULL, text, packet->payload_bytes, packet->header, packet->header_bytes,
            NULL, nonce, (const crypto_aead_aes256gcm_state *)key->schedule);
    } else {
        crypto_aead_chacha20poly1305_ietf_encrypt_detached(
            text, tag, NULL, text, packet->payload_bytes, packet->header, packet->header_bytes,
            NULL, nonce, key->secret);
    }
}

bool wan_key_open(const struct wan_key *key, const struct wan_packet *packet) {
    uint8_t nonce[NONCE_BYTES];
    packet_nonce(packet, nonce);
    uint8_t *text = packet->payload;
    const uint8_t *tag = text + packet->payload_bytes;
    if (key->cipher == WAN_AES256GCM) {
        return crypto_aead_aes256gcm_decrypt_detached_afternm(
                   text, NULL, text, packet->payload_bytes, tag, packet->header,
                   packet->header_bytes, nonce,
                   (const crypto_aead_aes256gcm_state *)key->schedule) == 0;
    }
    return crypto_aead_chacha20poly1305_ietf_decrypt_detached(
               text, NULL, text, packet->payload_bytes, tag, packet->header, packet->header_bytes,
               nonce, key->secret) == 0;
}

/* Generation n + 1 is keyed BLAKE2b of a label under generation n: one way. */
static void key_next(const struct wan_key *key, struct wan_key *next) {
    uint8_t secret[WAN_KEY_BYTES];
    crypto_generichash(secret, sizeof secret, (const uint8_t *)next_label, sizeof next_label - 1,
                       key->secret, WAN_KEY_BYTES);
    wan_key_set(next, key->cipher, secret);
    sodium_memzero(secret, sizeof secret);
}

void wan_keys_init(struct wan_keys *keys, enum wan_cipher cipher, const uint8_t send[WAN_KEY_BYTES],
                   const uint8_t receive[WAN_KEY_BYTES]) {
    memset(keys, 0, sizeof *keys);
    wan_key_set(&keys->send, cipher, send);
    wan_key_set(&keys->present, cipher, receive);
    key_next(&keys->present, &keys->next);
}

void wan_keys_wipe(struct wan_keys *keys) {
    sodium_memzero(keys, sizeof *keys);
}

unsigned wan_keys_generation(const struct wan_keys *keys) {
    return (unsigned)(keys->send_generation % WAN_GENERATIONS);
}

void wan_keys_seal(struct wan_keys *keys, const struct wan_packet *packet) {
    keys->sealed++;
    wan_key_seal(&keys->send, packet);
}

bool wan_keys_open(struct wan_keys *keys, unsigned generation, const struct wan_packet *packet) {
    unsigned ahead = (generation - (unsigned)keys->receive_generation) % WAN_GENERATIONS;
    switch (ahead) {
    case 0:
        return wan_key_open(&keys->present, packet);
    case 1:
        if (!wan_key_open(&keys->next, packet)) {
            return false;
        }
        keys->last = keys->present;
        keys->present = keys->next;
        key_next(&keys->present, &keys->next);
        keys->receive_generation++;
        return true;
    case WAN_GENERATIONS - 1:
        return keys->receive_generation > 0 && wan_key_open(&keys->last, packet);
    default:
        return false;
    }
}

bool wan_keys_are_worn(const struct wan_keys *keys) {
    return keys->sealed >= WAN_KEY_SEALS;
}

void wan_keys_renew(struct wan_keys *keys) {
    struct wan_key next;
    key_next(&keys->send, &next);
    keys->send = next;
    keys->send_generation++;
    keys->sealed = 0;
    wan_key_wipe(&next);
}
