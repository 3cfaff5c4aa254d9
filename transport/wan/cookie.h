/*
 * Stateless cookies: a peer that can send one back receives at the address it sends from (RFC 9147
 * section 5.1). A cookie is keyed BLAKE2b over a time slot, the address and the session's id; it
 * holds for one to two minutes. The key is renewed by itself. Owner thread.
 */
#ifndef TRANSPORT_WAN_COOKIE_H
#define TRANSPORT_WAN_COOKIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { COOKIE_BYTES = 16, COOKIE_ADDRESS_BYTES = 32 };

#define COOKIE_SLOT_NS (60 * UINT64_C(1000000000))

struct cookie_jar {
    uint8_t secret[32]; /* the keys of the slots are derived from it, one after another */
    uint64_t slot;
    uint8_t present[32];
    uint8_t last[32];
};

struct cookie_claim {
    const uint8_t *address;
    size_t address_bytes; /* at most COOKIE_ADDRESS_BYTES */
    uint64_t session;
    uint64_t now_ns;
};

void cookie_jar_init(struct cookie_jar *jar, const uint8_t seed[32], uint64_t now_ns);
void cookie_jar_wipe(struct cookie_jar *jar);

void cookie_bake(struct cookie_jar *jar, const struct cookie_claim *claim,
                 uint8_t cookie[COOKIE_BYTES]);
bool cookie_holds(struct cookie_jar *jar, const struct cookie_claim *claim,
                  const uint8_t cookie[COOKIE_BYTES]);

#endif
