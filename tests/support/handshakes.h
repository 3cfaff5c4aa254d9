/*
 * Two sites that shake hands without a network, for tests of the handshake.
 */
#ifndef SUPPORT_HANDSHAKES_H
#define SUPPORT_HANDSHAKES_H

#include "transport/wan/handshake.h"

/* Site n's seed is {n}; the same n gives the same site. */
struct handshake_site handshakes_site(uint8_t n);
struct handshake_peer handshakes_peer(uint8_t n);

/* HELLO from site `from` to site `to` with the parameters "initiator"; `site` keeps the secret. */
void handshakes_begin(struct handshake *handshake, struct handshake_site *site, uint8_t from,
                      uint8_t to);

/* As handshakes_begin, never offering AES. */
void handshakes_begin_without_aes(struct handshake *handshake, struct handshake_site *site,
                                  uint8_t from, uint8_t to);

/* A responder with the parameters "responder" that lets `peer_count` peers in. */
struct handshake_responder handshakes_responder(const struct handshake_site *site,
                                                const struct handshake_peer *peers,
                                                size_t peer_count);

/* A HELLO that arrives from a fixed address. */
struct handshake_arrival handshakes_arrival(const uint8_t *datagram, size_t bytes);

#endif
