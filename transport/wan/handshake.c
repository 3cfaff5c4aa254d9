#include "transport/wan/handshake.h"

#include "base/bytes.h"
#include "base/check.h"
#include "transport/wan/handshake_wire.h"

#include <string.h>

/* One forged or damaged answer must not end a handshake that could succeed. */
enum { UNREADABLE_LIMIT = 3 };

void handshake_wipe(struct handshake *handshake) {
    noise_wipe(handshake, sizeof *handshake);
}

static enum satsync_status make_hello(struct handshake *handshake, enum wan_cipher cipher,
                                      struct satsync_error *error) {
    const struct handshake_options *options = &handshake->options;
    struct noise_pair ephemeral;
    uint8_t secret[NOISE_KEY_BYTES];
    noise_derive(options->seed,
                 cipher == WAN_AES256GCM ? "satsync ephemeral" : "satsync second ephemeral",
                 secret);
    noise_pair_of_secret(secret, &ephemeral);
    noise_wipe(secret, sizeof secret);

    handshake->cipher = cipher;
    uint8_t prologue[PROLOGUE_BYTES];
    wire_prologue(prologue, wire_suite(cipher), options->session);
    noise_init(&handshake->noise, &(struct noise_options){.pattern = NOISE_IK,
                                                          .cipher = wire_noise_cipher(cipher),
                                                          .initiator = true,
                                                          .prologue = prologue,
                                                          .prologue_bytes = sizeof prologue,
                                                          .own = &options->site->pair,
                                                          .ephemeral = &ephemeral,
                                                          .peer = options->peer.x25519});
    noise_wipe(&ephemeral, sizeof ephemeral);

    memset(handshake->hello, 0, sizeof handshake->hello);
    struct bytes_writer writer = bytes_writer_over(handshake->hello, sizeof handshake->hello);
    wire_head(&writer, DATAGRAM_HELLO, options->session);
    bytes_put_u8(&writer, wire_suite(cipher));

    uint8_t token[HANDSHAKE_TOKEN_BYTES];
    uint8_t payload[HELLO_PAYLOAD_BYTES] = {0};
    wire_token(options->site, options->session, true, token);
    writer = bytes_writer_over(payload, sizeof payload);
    wire_put_payload(&writer, token, handshake->parameters, options->parameter_bytes);
    assert(noise_overhead(&handshake->noise) == IK_FIRST_OVERHEAD);
    ENSURE(noise_write(&handshake->noise, payload, sizeof payload,
                       handshake->hello + HELLO_NOISE_AT) == SATSYNC_OK,
           error, SATSYNC_INVALID, NULL,
           "the peer's public key is a weak point of the curve; check its .pub file");
    noise_export(&handshake->noise, "satsync early", handshake->early);
    return SATSYNC_OK;
}

enum satsync_status handshake_begin(struct handshake *handshake,
                                    const struct handshake_options *options,
                                    struct satsync_error *error) {
    assert(options->parameter_bytes <= HANDSHAKE_PARAMETERS);
    memset(handshake, 0, sizeof *handshake);
    handshake->options = *options;
    handshake->options.parameters = NULL;
    if (options->parameter_bytes > 0) {
        memcpy(handshake->parameters, options->parameters, options->parameter_bytes);
    }
    bool aes = noise_has_aesgcm() && !options->without_aes;
    return make_hello(handshake, aes ? WAN_AES256GCM : WAN_CHACHA20POLY1305, error);
}

static enum handshake_step recv_welcome(struct handshake *handshake, struct bytes_reader *reader,
                                        struct handshake_secrets *secrets,
                                        struct satsync_error *error) {
    size_t bytes = bytes_left(reader);
    uint8_t payload[HANDSHAKE_WELCOME_BYTES];
    /* A copy: a forged WELCOME must leave the state fit for the true one. */
    struct noise noise = handshake->noise;
    size_t overhead = noise_overhead(&noise);
    if (bytes > sizeof payload || noise_read(&noise, reader->at, bytes, payload) != SATSYNC_OK) {
        noise_wipe(&noise, sizeof noise);
        return HANDSHAKE_IGNORED;
    }
    memset(secrets, 0, sizeof *secrets);
    secrets->session = handshake->options.session;
    secrets->initiator = true;
    secrets->cipher = handshake->cipher;
    memcpy(secrets->early, handshake->early, sizeof secrets->early);
    memcpy(secrets->peer_ed25519, handshake->options.peer.ed25519, NOISE_KEY_BYTES);
    struct bytes_reader inner = bytes_reader_over(payload, bytes - overhead);
    bool good = wire_get_payload(&inner, secrets) && bytes_all_read(&inner);
    wire_take_keys(&noise, secrets);
    noise_wipe(&noise, sizeof noise);
    if (!good) {
        handshake_secrets_wipe(secrets);
        error_set(error, SATSYNC_PROTOCOL, NULL, "the peer's handshake answer is malformed");
        return HANDSHAKE_FAILED;
    }
    return HANDSHAKE_DONE;
}

static enum handshake_step recv_cookie(struct handshake *handshake, struct bytes_reader *reader) {
    const uint8_t *cookie = bytes_get_view(reader, COOKIE_BYTES);
    if (!bytes_all_read(reader) ||
        memcmp(handshake->hello + COOKIE_AT, cookie, COOKIE_BYTES) == 0) {
        return HANDSHAKE_IGNORED;
    }
    memcpy(handshake->hello + COOKIE_AT, cookie, COOKIE_BYTES);
    return HANDSHAKE_AGAIN;
}

static enum handshake_step recv_refusal_of_suite(struct handshake *handshake,
                                                 struct satsync_error *error) {
    if (handshake->cipher == WAN_AES256GCM) {
        return make_hello(handshake, WAN_CHACHA20POLY1305, error) == SATSYNC_OK ? HANDSHAKE_AGAIN
                                                                                : HANDSHAKE_FAILED;
    }
    /* An answer to the first offer, come twice. */
    return HANDSHAKE_IGNORED;
}

static enum handshake_step recv_unreadable(struct handshake *handshake,
                                           struct satsync_error *error) {
    if (++handshake->unreadable < UNREADABLE_LIMIT) {
        return HANDSHAKE_IGNORED;
    }
    error_set(error, SATSYNC_REFUSED, NULL,
              "the site at this address holds another key than the one given for it; check "
              "the address and the peer's .pub file");
    return HANDSHAKE_FAILED;
}

static enum handshake_step recv_refused(struct handshake *handshake, const uint8_t *datagram,
                                        struct bytes_reader *reader, struct satsync_error *error) {
    uint8_t reason = bytes_get_u8(reader);
    const uint8_t *tag = bytes_get_view(reader, NOISE_MAC_BYTES);
    if (!bytes_all_read(reader)) {
        return HANDSHAKE_IGNORED;
    }
    if (reason == REFUSAL_SUITE) {
        return recv_refusal_of_suite(handshake, error);
    }
    if (reason == REFUSAL_UNREADABLE) {
        return recv_unreadable(handshake, error);
    }
    /* The others come from who could read HELLO, and prove it. */
    uint8_t expected[NOISE_MAC_BYTES];
    wire_refusal_tag(&handshake->noise, datagram, expected);
    if (!noise_equal(tag, expected, sizeof expected)) {
        return HANDSHAKE_IGNORED;
    }
    if (reason == REFUSAL_FULL) {
        error_set(error, SATSYNC_LIMIT, NULL,
                  "the peer has as many sessions as it allows; try again later");
    } else {
        error_set(error, SATSYNC_REFUSED, NULL,
                  "the peer does not know this site's key; add this site's .pub file to its "
                  "allowed keys");
    }
    return HANDSHAKE_FAILED;
}

static enum handshake_step recv_version(uint8_t version, const struct bytes_reader *reader,
                                        struct satsync_error *error) {
    if (!bytes_all_read(reader) || version == HANDSHAKE_VERSION) {
        return HANDSHAKE_IGNORED;
    }
    bool newer = version > HANDSHAKE_VERSION;
    error_set(error, newer ? SATSYNC_NEWER_VERSION : SATSYNC_PROTOCOL, NULL,
              "the peer speaks version %d of the protocol, this program version %d; update the "
              "older of the two",
              version, HANDSHAKE_VERSION);
    return HANDSHAKE_FAILED;
}

static enum handshake_step recv_any(struct handshake *handshake, const uint8_t *datagram,
                                    size_t bytes, struct handshake_secrets *secrets,
                                    struct satsync_error *error) {
    struct bytes_reader reader = bytes_reader_over(datagram, bytes);
    uint8_t kind = bytes_get_u8(&reader);
    uint8_t version = bytes_get_u8(&reader);
    uint64_t session = bytes_get_u64(&reader);
    if (reader.failed || session != handshake->options.session) {
        return HANDSHAKE_IGNORED;
    }
    if (kind == DATAGRAM_VERSION) {
        return recv_version(version, &reader, error);
    }
    if (version != HANDSHAKE_VERSION) {
        return HANDSHAKE_IGNORED;
    }
    switch (kind) {
    case DATAGRAM_WELCOME:
        return recv_welcome(handshake, &reader, secrets, error);
    case DATAGRAM_COOKIE:
        return recv_cookie(handshake, &reader);
    case DATAGRAM_REFUSED:
        return recv_refused(handshake, datagram, &reader, error);
    default:
        return HANDSHAKE_IGNORED;
    }
}

enum handshake_step handshake_recv(struct handshake *handshake, const uint8_t *datagram,
                                   size_t bytes, struct handshake_secrets *secrets,
                                   struct satsync_error *error) {
    struct satsync_error failure = {.status = SATSYNC_OK};
    enum handshake_step step = recv_any(handshake, datagram, bytes, secrets, &failure);
    if (step == HANDSHAKE_FAILED) {
        handshake->failure = failure;
        if (error) {
            *error = failure;
        }
    }
    return step;
}
