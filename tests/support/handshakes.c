#include "support/handshakes.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t address[6] = {192, 0, 2, 7, 0x1f, 0x90};

struct handshake_site handshakes_site(uint8_t n) {
    struct handshake_site site;
    const uint8_t seed[NOISE_KEY_BYTES] = {n};
    handshake_site_of_seed(&site, seed);
    return site;
}

struct handshake_peer handshakes_peer(uint8_t n) {
    struct handshake_site site = handshakes_site(n);
    struct handshake_peer peer;
    if (handshake_peer_of(&peer, site.ed25519, NULL) != SATSYNC_OK) {
        abort();
    }
    return peer;
}

static void begin(struct handshake *handshake, struct handshake_site *site,
                  const uint8_t numbers[2], bool without_aes) {
    *site = handshakes_site(numbers[0]);
    struct handshake_options options = {.site = site,
                                        .peer = handshakes_peer(numbers[1]),
                                        .parameters = (const uint8_t *)"initiator",
                                        .parameter_bytes = 9,
                                        .session = 0x1122334455667788,
                                        .seed = {99, numbers[0]},
                                        .without_aes = without_aes};
    if (handshake_begin(handshake, &options, NULL) != SATSYNC_OK) {
        abort();
    }
}

void handshakes_begin(struct handshake *handshake, struct handshake_site *site, uint8_t from,
                      uint8_t to) {
    begin(handshake, site, (const uint8_t[2]){from, to}, false);
}

void handshakes_begin_without_aes(struct handshake *handshake, struct handshake_site *site,
                                  uint8_t from, uint8_t to) {
    begin(handshake, site, (const uint8_t[2]){from, to}, true);
}

struct handshake_responder handshakes_responder(const struct handshake_site *site,
                                                const struct handshake_peer *peers,
                                                size_t peer_count) {
    return (struct handshake_responder){.site = site,
                                        .peers = peers,
                                        .peer_count = peer_count,
                                        .parameters = (const uint8_t *)"responder",
                                        .parameter_bytes = 9};
}

struct handshake_arrival handshakes_arrival(const uint8_t *datagram, size_t bytes) {
    return (struct handshake_arrival){.datagram = datagram,
                                      .bytes = bytes,
                                      .address = address,
                                      .address_bytes = sizeof address,
                                      .now_ns = 1000,
                                      .seed = {7, 7, 7}};
}
