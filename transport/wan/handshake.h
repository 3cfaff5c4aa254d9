/*
 * The handshake datagrams: Noise IK with early keys, a cookie under load, and refusals that say
 * why. Sans-IO; randomness is handed in. docs/handshake.md has the wire format.
 *
 *   initiator                                          responder
 *     HELLO (>= 1200 bytes)              ------------>   knows the key: session with all keys
 *     data under the early key           ------------>
 *                                        <------------   WELCOME, data
 *     data under the session's keys      ------------>   confirmed: the address is real
 *
 *   instead of WELCOME: COOKIE (under load; HELLO again, with it), REFUSED, VERSION.
 *   RESET says that an established session is not known any more (a restart).
 *
 * What travels under the early key can be replayed by whoever recorded it, as a new session that
 * never gets confirmed: the receiver may only do idempotent things with it. Until confirmed a
 * responder sends at most three times the bytes it received.
 */
#ifndef TRANSPORT_WAN_HANDSHAKE_H
#define TRANSPORT_WAN_HANDSHAKE_H

#include "transport/wan/keys.h"
#include "transport/wan/noise.h"

#include <satsync/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cookie_jar;

enum {
    HANDSHAKE_VERSION = 1,
    HANDSHAKE_HELLO_BYTES = 1200,
    HANDSHAKE_WELCOME_BYTES = 1200, /* at most */
    HANDSHAKE_REPLY_BYTES = 48,     /* at most: COOKIE, REFUSED, VERSION, RESET */
    HANDSHAKE_PARAMETERS = 512,     /* bytes of parameters, at most */
    HANDSHAKE_TOKEN_BYTES = 16
};

/* First byte: bit 7 is 0 for data packets, whose next bit says who sent it (DATAGRAM_RESPONDER);
 * the six others are the packet format's. The session's id follows in bytes 1 to 8. */
enum datagram_kind {
    DATAGRAM_DATA = 0x00,
    DATAGRAM_RESPONDER = 0x40, /* flag in a data packet's first byte */
    DATAGRAM_HELLO = 0xA1,
    DATAGRAM_WELCOME = 0xA2,
    DATAGRAM_COOKIE = 0xA3,
    DATAGRAM_REFUSED = 0xA4,
    DATAGRAM_VERSION = 0xA5,
    DATAGRAM_RESET_BY_INITIATOR = 0xA6,
    DATAGRAM_RESET_BY_RESPONDER = 0xA7
};

struct datagram_peek {
    enum datagram_kind kind;
    uint64_t session;
    bool by_initiator; /* who sent it */
};

/* What a demultiplexer needs; false when it is no datagram of this protocol. Nothing of it is
 * authenticated. */
bool datagram_peek(const uint8_t *datagram, size_t bytes, struct datagram_peek *peek);

/* This site. Holds secrets: handshake_site_wipe. */
struct handshake_site {
    uint8_t ed25519[NOISE_KEY_BYTES];
    struct noise_pair pair;
    uint8_t reset[NOISE_KEY_BYTES]; /* makes the tokens of RESET */
};

void handshake_site_of_seed(struct handshake_site *site, const uint8_t seed[NOISE_KEY_BYTES]);
void handshake_site_wipe(struct handshake_site *site);

/* A site that may be spoken to. */
struct handshake_peer {
    uint8_t ed25519[NOISE_KEY_BYTES];
    uint8_t x25519[NOISE_KEY_BYTES];
};

enum satsync_status handshake_peer_of(struct handshake_peer *peer,
                                      const uint8_t ed25519[NOISE_KEY_BYTES],
                                      struct satsync_error *error) SATSYNC_MUST_CHECK;

/* What a finished handshake leaves. Holds secrets: handshake_secrets_wipe. */
struct handshake_secrets {
    uint64_t session;
    bool initiator;
    enum wan_cipher cipher;
    uint8_t send[WAN_KEY_BYTES];
    uint8_t receive[WAN_KEY_BYTES];
    uint8_t early[WAN_KEY_BYTES];              /* initiator to responder */
    uint8_t peer_token[HANDSHAKE_TOKEN_BYTES]; /* what a RESET by the peer must carry */
    uint8_t peer_ed25519[NOISE_KEY_BYTES];
    uint8_t parameters[HANDSHAKE_PARAMETERS]; /* the peer's, authenticated */
    size_t parameter_bytes;
};

void handshake_secrets_wipe(struct handshake_secrets *secrets);

struct handshake_options {
    const struct handshake_site *site; /* borrowed while the handshake lasts */
    struct handshake_peer peer;
    const uint8_t *parameters; /* copied; travels encrypted in HELLO */
    size_t parameter_bytes;    /* at most HANDSHAKE_PARAMETERS */
    uint64_t session;          /* random, fresh */
    uint8_t seed[32];          /* random, secret, fresh: the ephemeral keys come of it */
    bool without_aes;          /* offer ChaCha20-Poly1305 at once */
};

struct handshake {
    struct handshake_options options;
    uint8_t parameters[HANDSHAKE_PARAMETERS];
    struct noise noise; /* after the first message */
    enum wan_cipher cipher;
    unsigned unreadable;          /* REFUSED that say that no HELLO could be read */
    struct satsync_error failure; /* why, once a handshake_recv returned HANDSHAKE_FAILED */
    uint8_t early[WAN_KEY_BYTES];
    uint8_t hello[HANDSHAKE_HELLO_BYTES]; /* what to send, again and again until done */
};

enum handshake_step {
    HANDSHAKE_IGNORED, /* not for us, or not authentic; as if it never came */
    HANDSHAKE_AGAIN,   /* send the (changed) HELLO now; early key and cipher may have changed */
    HANDSHAKE_DONE,    /* secrets are set */
    HANDSHAKE_FAILED   /* final; error says why */
};

/* Makes HELLO and the early key. */
enum satsync_status handshake_begin(struct handshake *handshake,
                                    const struct handshake_options *options,
                                    struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Takes WELCOME, COOKIE, REFUSED, VERSION. `secrets` is only set when DONE; error (may be NULL)
 * and handshake->failure when FAILED: SATSYNC_REFUSED, SATSYNC_NEWER_VERSION, SATSYNC_LIMIT (the
 * peer has no room). */
enum handshake_step handshake_recv(struct handshake *handshake, const uint8_t *datagram,
                                   size_t bytes, struct handshake_secrets *secrets,
                                   struct satsync_error *error) SATSYNC_MUST_CHECK;

void handshake_wipe(struct handshake *handshake);

struct handshake_responder {
    const struct handshake_site *site;
    const struct handshake_peer *peers; /* who is let in */
    size_t peer_count;
    const uint8_t *parameters; /* travels encrypted in WELCOME */
    size_t parameter_bytes;    /* at most HANDSHAKE_PARAMETERS */
    struct cookie_jar *jar;    /* NULL: never asks for a cookie */
    bool under_load;           /* ask for a cookie */
    bool exhausted;            /* do nothing that needs a public-key operation */
    bool full;                 /* known peers are refused for want of room */
    bool without_aes;
};

/* A HELLO as it came. */
struct handshake_arrival {
    const uint8_t *datagram;
    size_t bytes;
    const uint8_t *address; /* of its sender: what a cookie is bound to */
    size_t address_bytes;
    uint64_t now_ns;
    uint8_t seed[32]; /* random, secret, fresh */
};

struct handshake_answer {
    bool accepted; /* secrets are set, `datagram` is the WELCOME */
    size_t bytes;  /* of `datagram`; 0: stay silent */
    uint8_t datagram[HANDSHAKE_WELCOME_BYTES];
    uint8_t ephemeral[NOISE_KEY_BYTES]; /* the initiator's: tells a repeated HELLO */
    struct handshake_secrets secrets;
};

/* Answers a HELLO. Never longer than the HELLO; keeps no state but in `answer`. */
void handshake_answer(const struct handshake_responder *responder,
                      const struct handshake_arrival *arrival, struct handshake_answer *answer);

/* True when `datagram` is the HELLO that the session was made of, come again: its WELCOME is lost
 * or late and should be sent again. */
bool handshake_is_repeated(const uint8_t ephemeral[NOISE_KEY_BYTES], const uint8_t *datagram,
                           size_t bytes);

/* Answers a data packet of a session that is not known here; 0 when it deserves none (too short).
 * `datagram` has HANDSHAKE_REPLY_BYTES. Callers limit their rate. */
size_t handshake_reset(const struct handshake_site *site, const struct datagram_peek *peek,
                       size_t bytes, uint8_t *datagram);

/* True when the peer of `secrets` says with proof that it lost the session. */
bool handshake_is_reset(const struct handshake_secrets *secrets, const uint8_t *datagram,
                        size_t bytes);

#endif
