/*
 * Packet protection after the handshake: AEAD with a 16-byte tag, in place, the header as
 * associated data. AES-256-GCM with its key schedule kept, or ChaCha20-Poly1305 (RFC 8439).
 *
 * The nonce is the path's number (4 bytes, little-endian) and the packet's number on that path
 * (8 bytes, little-endian); a key must never see the same pair twice.
 *
 * Each direction renews its key by itself: generation n + 1 is derived from generation n, and a
 * packet's header names its generation modulo 4. A receiver holds the last, the present and the
 * next one; a sender may take the next one as soon as a packet of the present one is acknowledged.
 * Owner thread.
 */
#ifndef TRANSPORT_WAN_KEYS_H
#define TRANSPORT_WAN_KEYS_H

#include <satsync/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WAN_KEY_BYTES = 32,
    WAN_TAG_BYTES = 16,
    WAN_GENERATIONS = 4,     /* what the header's generation is modulo of */
    WAN_KEY_SEALS = 1 << 22, /* renew after so many packets; 2^23 is AES-GCM's limit for
                                packets of up to 2^11 blocks (RFC 9001 appendix B.1) */
    WAN_KEY_SCHEDULE_BYTES = 512
};

enum wan_cipher { WAN_AES256GCM, WAN_CHACHA20POLY1305 };

/* One key of one direction. */
struct wan_key {
    _Alignas(16) uint8_t schedule[WAN_KEY_SCHEDULE_BYTES]; /* of AES-GCM */
    uint8_t secret[WAN_KEY_BYTES];
    enum wan_cipher cipher;
};

/* A packet in its buffer. `payload` has room for payload_bytes + WAN_TAG_BYTES. */
struct wan_packet {
    uint32_t path;
    uint64_t number;
    const uint8_t *header;
    size_t header_bytes;
    uint8_t *payload;
    size_t payload_bytes; /* without the tag */
};

void wan_key_set(struct wan_key *key, enum wan_cipher cipher, const uint8_t secret[WAN_KEY_BYTES]);
void wan_key_wipe(struct wan_key *key);

/* Encrypts payload_bytes in place and writes the tag behind them. */
void wan_key_seal(const struct wan_key *key, const struct wan_packet *packet);

/* Decrypts payload_bytes in place and checks the tag behind them. On false the payload's content is
 * undefined and must not be used. */
bool wan_key_open(const struct wan_key *key, const struct wan_packet *packet) SATSYNC_MUST_CHECK;

/* Both directions of a session. */
struct wan_keys {
    struct wan_key send;
    struct wan_key last; /* receiving: the generation before `present` */
    struct wan_key present;
    struct wan_key next;
    uint64_t send_generation;
    uint64_t receive_generation;
    uint64_t sealed; /* packets of the present send generation */
};

void wan_keys_init(struct wan_keys *keys, enum wan_cipher cipher, const uint8_t send[WAN_KEY_BYTES],
                   const uint8_t receive[WAN_KEY_BYTES]);
void wan_keys_wipe(struct wan_keys *keys);

/* The header's generation for the next wan_keys_seal: 0 to 3. */
unsigned wan_keys_generation(const struct wan_keys *keys);
void wan_keys_seal(struct wan_keys *keys, const struct wan_packet *packet);

/* `generation` is the header's. Moves to the next generation when a packet of it opens. */
bool wan_keys_open(struct wan_keys *keys, unsigned generation,
                   const struct wan_packet *packet) SATSYNC_MUST_CHECK;

/* True after WAN_KEY_SEALS packets: call wan_keys_renew once a packet of the present generation was
 * acknowledged. */
bool wan_keys_are_worn(const struct wan_keys *keys);
void wan_keys_renew(struct wan_keys *keys);

#endif
