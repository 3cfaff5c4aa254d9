/*
 * The parts of the handshake's datagrams that both ends make or read. docs/handshake.md has the
 * format. Pure. Only the handshake's own files include this.
 */
#ifndef TRANSPORT_WAN_HANDSHAKE_WIRE_H
#define TRANSPORT_WAN_HANDSHAKE_WIRE_H

#include "base/bytes.h"
#include "transport/wan/cookie.h"
#include "transport/wan/handshake.h"

/* On the wire; 3 and 4 are kept for the same ciphers with the pattern XX. */
enum suite { SUITE_IK_AESGCM = 1, SUITE_IK_CHACHAPOLY = 2 };

enum refusal {
    REFUSAL_UNREADABLE = 1, /* HELLO does not open: it was made for another key than ours */
    REFUSAL_SUITE = 2,
    REFUSAL_UNKNOWN_KEY = 3,
    REFUSAL_FULL = 4
};

enum {
    SESSION_AT = 2,
    SUITE_AT = 10,
    COOKIE_AT = 11,
    HELLO_NOISE_AT = COOKIE_AT + COOKIE_BYTES,
    WELCOME_NOISE_AT = 10,
    VERSION_BYTES = 10,
    COOKIE_DATAGRAM_BYTES = 10 + COOKIE_BYTES,
    REFUSED_BYTES = 11 + NOISE_MAC_BYTES,
    RESET_BYTES = 10 + HANDSHAKE_TOKEN_BYTES,
    PROLOGUE_BYTES = 17,
    IK_FIRST_OVERHEAD = 96,
    HELLO_PAYLOAD_BYTES = HANDSHAKE_HELLO_BYTES - HELLO_NOISE_AT - IK_FIRST_OVERHEAD,
    PAYLOAD_HEAD_BYTES = HANDSHAKE_TOKEN_BYTES + 2
};

_Static_assert(HELLO_PAYLOAD_BYTES >= PAYLOAD_HEAD_BYTES + HANDSHAKE_PARAMETERS,
               "parameters fit the first datagram");

/* Binds the transcript to what travels in the clear, so that it cannot be changed unnoticed. The
 * cookie stays out of it: HELLO is sent again with it. */
void wire_prologue(uint8_t prologue[PROLOGUE_BYTES], uint8_t suite, uint64_t session);

uint8_t wire_suite(enum wan_cipher cipher);
enum noise_cipher wire_noise_cipher(enum wan_cipher cipher);

/* Kind, version, session: what every handshake datagram begins with. */
void wire_head(struct bytes_writer *writer, enum datagram_kind kind, uint64_t session);

/* What `site` puts into a RESET of the session; only it can make it. */
void wire_token(const struct handshake_site *site, uint64_t session, bool by_initiator,
                uint8_t token[HANDSHAKE_TOKEN_BYTES]);

/* Proves that the refusing end could read HELLO. `datagram` is REFUSED up to the tag. */
void wire_refusal_tag(const struct noise *noise, const uint8_t *datagram,
                      uint8_t tag[NOISE_MAC_BYTES]);

/* Both payloads: token, length of parameters, parameters. */
void wire_put_payload(struct bytes_writer *writer, const uint8_t token[HANDSHAKE_TOKEN_BYTES],
                      const uint8_t *parameters, size_t parameter_bytes);
bool wire_get_payload(struct bytes_reader *reader, struct handshake_secrets *secrets);

/* Splits a finished handshake into the session's keys. */
void wire_take_keys(struct noise *noise, struct handshake_secrets *secrets);

#endif
