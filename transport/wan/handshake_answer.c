#include "base/bytes.h"
#include "transport/wan/cookie.h"
#include "transport/wan/handshake.h"
#include "transport/wan/handshake_wire.h"

#include <assert.h>
#include <string.h>

static void answer_version(struct handshake_answer *answer, uint64_t session) {
    struct bytes_writer writer = bytes_writer_over(answer->datagram, VERSION_BYTES);
    wire_head(&writer, DATAGRAM_VERSION, session);
    answer->bytes = bytes_written(&writer);
}

/* `noise`: the state after HELLO was read, or NULL when it was not; then the tag is all zeros. */
static void answer_refused(struct handshake_answer *answer, uint64_t session, enum refusal reason,
                           const struct noise *noise) {
    struct bytes_writer writer = bytes_writer_over(answer->datagram, REFUSED_BYTES);
    uint8_t tag[NOISE_MAC_BYTES] = {0};
    wire_head(&writer, DATAGRAM_REFUSED, session);
    bytes_put_u8(&writer, (uint8_t)reason);
    if (noise) {
        wire_refusal_tag(noise, answer->datagram, tag);
    }
    bytes_put(&writer, tag, sizeof tag);
    answer->bytes = bytes_written(&writer);
}

static void answer_cookie(struct cookie_jar *jar, const struct cookie_claim *claim,
                          struct handshake_answer *answer) {
    uint8_t cookie[COOKIE_BYTES];
    cookie_bake(jar, claim, cookie);
    struct bytes_writer writer = bytes_writer_over(answer->datagram, COOKIE_DATAGRAM_BYTES);
    wire_head(&writer, DATAGRAM_COOKIE, claim->session);
    bytes_put(&writer, cookie, sizeof cookie);
    answer->bytes = bytes_written(&writer);
}

/* Looks at every entry whatever it finds, so that time tells nothing about the list. */
static const struct handshake_peer *find_peer(const struct handshake_responder *responder,
                                              const uint8_t x25519[NOISE_KEY_BYTES]) {
    const struct handshake_peer *found = NULL;
    for (size_t i = 0; i < responder->peer_count; i++) {
        const struct handshake_peer *peer = &responder->peers[i];
        found = noise_equal(peer->x25519, x25519, NOISE_KEY_BYTES) ? peer : found;
    }
    return found;
}

/* Reads HELLO's Noise message; false when it does not open. */
static bool read_hello(const struct handshake_responder *responder,
                       const struct handshake_arrival *arrival, enum wan_cipher cipher,
                       struct noise *noise, uint8_t payload[HELLO_PAYLOAD_BYTES]) {
    struct noise_pair ephemeral;
    uint8_t secret[NOISE_KEY_BYTES];
    noise_derive(arrival->seed, "satsync ephemeral", secret);
    noise_pair_of_secret(secret, &ephemeral);
    uint8_t prologue[PROLOGUE_BYTES];
    wire_prologue(prologue, wire_suite(cipher), load_le64(arrival->datagram + SESSION_AT));
    noise_init(noise, &(struct noise_options){.pattern = NOISE_IK,
                                              .cipher = wire_noise_cipher(cipher),
                                              .prologue = prologue,
                                              .prologue_bytes = sizeof prologue,
                                              .own = &responder->site->pair,
                                              .ephemeral = &ephemeral});
    noise_wipe(secret, sizeof secret);
    noise_wipe(&ephemeral, sizeof ephemeral);
    return noise_read(noise, arrival->datagram + HELLO_NOISE_AT,
                      HANDSHAKE_HELLO_BYTES - HELLO_NOISE_AT, payload) == SATSYNC_OK;
}

/* Fills answer->datagram and the keys from a HELLO of a known peer. */
static void welcome(const struct handshake_responder *responder, struct noise *noise,
                    struct handshake_answer *answer) {
    struct handshake_secrets *secrets = &answer->secrets;
    noise_export(noise, "satsync early", secrets->early);
    uint8_t token[HANDSHAKE_TOKEN_BYTES];
    uint8_t payload[PAYLOAD_HEAD_BYTES + HANDSHAKE_PARAMETERS];
    wire_token(responder->site, secrets->session, false, token);
    struct bytes_writer inner = bytes_writer_over(payload, sizeof payload);
    wire_put_payload(&inner, token, responder->parameters, responder->parameter_bytes);

    struct bytes_writer writer = bytes_writer_over(answer->datagram, sizeof answer->datagram);
    wire_head(&writer, DATAGRAM_WELCOME, secrets->session);
    size_t bytes = noise_overhead(noise) + bytes_written(&inner);
    assert(bytes <= bytes_room(&writer));
    memcpy(answer->ephemeral, noise->peer_ephemeral, sizeof answer->ephemeral);
    if (noise_write(noise, payload, bytes_written(&inner), writer.at) != SATSYNC_OK) {
        return; /* a low-order ephemeral key: not a peer to speak to */
    }
    wire_take_keys(noise, secrets);
    answer->bytes = WELCOME_NOISE_AT + bytes;
    answer->accepted = true;
}

static void answer_readable(const struct handshake_responder *responder, struct noise *noise,
                            const uint8_t payload[HELLO_PAYLOAD_BYTES],
                            struct handshake_answer *answer) {
    struct handshake_secrets *secrets = &answer->secrets;
    const struct handshake_peer *peer = find_peer(responder, noise->peer);
    if (!peer || responder->full) {
        answer_refused(answer, secrets->session, peer ? REFUSAL_FULL : REFUSAL_UNKNOWN_KEY, noise);
        return;
    }
    memcpy(secrets->peer_ed25519, peer->ed25519, sizeof secrets->peer_ed25519);
    struct bytes_reader reader = bytes_reader_over(payload, HELLO_PAYLOAD_BYTES);
    if (wire_get_payload(&reader, secrets)) {
        welcome(responder, noise, answer);
    }
}

static bool suite_is_known(const struct handshake_responder *responder, uint8_t suite) {
    return suite == SUITE_IK_CHACHAPOLY ||
           (suite == SUITE_IK_AESGCM && !responder->without_aes && noise_has_aesgcm());
}

void handshake_answer(const struct handshake_responder *responder,
                      const struct handshake_arrival *arrival, struct handshake_answer *answer) {
    memset(answer, 0, sizeof *answer);
    struct bytes_reader reader = bytes_reader_over(arrival->datagram, arrival->bytes);
    uint8_t kind = bytes_get_u8(&reader);
    uint8_t version = bytes_get_u8(&reader);
    uint64_t session = bytes_get_u64(&reader);
    uint8_t suite = bytes_get_u8(&reader);
    const uint8_t *cookie = bytes_get_view(&reader, COOKIE_BYTES);
    if (kind != DATAGRAM_HELLO || arrival->bytes < HANDSHAKE_HELLO_BYTES) {
        return;
    }
    if (version != HANDSHAKE_VERSION) {
        answer_version(answer, session);
        return;
    }
    if (arrival->bytes != HANDSHAKE_HELLO_BYTES) {
        return;
    }
    if (!suite_is_known(responder, suite)) {
        answer_refused(answer, session, REFUSAL_SUITE, NULL);
        return;
    }
    const struct cookie_claim claim = {.address = arrival->address,
                                       .address_bytes = arrival->address_bytes,
                                       .session = session,
                                       .now_ns = arrival->now_ns};
    if (responder->under_load && responder->jar && !cookie_holds(responder->jar, &claim, cookie)) {
        answer_cookie(responder->jar, &claim, answer);
        return;
    }
    if (responder->exhausted) {
        return;
    }

    struct noise noise;
    uint8_t payload[HELLO_PAYLOAD_BYTES];
    answer->secrets.session = session;
    answer->secrets.cipher = suite == SUITE_IK_AESGCM ? WAN_AES256GCM : WAN_CHACHA20POLY1305;
    if (read_hello(responder, arrival, answer->secrets.cipher, &noise, payload)) {
        answer_readable(responder, &noise, payload, answer);
    } else {
        answer_refused(answer, session, REFUSAL_UNREADABLE, NULL);
    }
    noise_wipe(&noise, sizeof noise);
    if (!answer->accepted) {
        handshake_secrets_wipe(&answer->secrets);
    }
}
