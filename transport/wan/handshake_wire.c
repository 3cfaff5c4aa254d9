#include "transport/wan/handshake_wire.h"

#include "base/bytes.h"
#include "base/check.h"

#include <string.h>

bool datagram_peek(const uint8_t *datagram, size_t bytes, struct datagram_peek *peek) {
    struct bytes_reader reader = bytes_reader_over(datagram, bytes);
    uint8_t first = bytes_get_u8(&reader);
    if (first < 0x80) {
        peek->kind = DATAGRAM_DATA;
        peek->by_initiator = !(first & DATAGRAM_RESPONDER);
    } else if (first >= DATAGRAM_HELLO && first <= DATAGRAM_RESET_BY_RESPONDER) {
        peek->kind = (enum datagram_kind)first;
        peek->by_initiator = first == DATAGRAM_HELLO || first == DATAGRAM_RESET_BY_INITIATOR;
        bytes_get_u8(&reader);
    } else {
        return false;
    }
    peek->session = bytes_get_u64(&reader);
    return !reader.failed;
}

void handshake_site_of_seed(struct handshake_site *site, const uint8_t seed[NOISE_KEY_BYTES]) {
    noise_ed25519_of_seed(seed, site->ed25519);
    noise_pair_of_ed25519_seed(seed, &site->pair);
    noise_derive(seed, "satsync reset", site->reset);
}

void handshake_site_wipe(struct handshake_site *site) {
    noise_wipe(site, sizeof *site);
}

enum satsync_status handshake_peer_of(struct handshake_peer *peer,
                                      const uint8_t ed25519[NOISE_KEY_BYTES],
                                      struct satsync_error *error) {
    memcpy(peer->ed25519, ed25519, NOISE_KEY_BYTES);
    ENSURE(noise_public_of_ed25519(ed25519, peer->x25519) == SATSYNC_OK, error, SATSYNC_INVALID,
           NULL, "a peer's public key is not an Ed25519 key; check its .pub file");
    return SATSYNC_OK;
}

void handshake_secrets_wipe(struct handshake_secrets *secrets) {
    noise_wipe(secrets, sizeof *secrets);
}

void wire_prologue(uint8_t prologue[PROLOGUE_BYTES], uint8_t suite, uint64_t session) {
    struct bytes_writer writer = bytes_writer_over(prologue, PROLOGUE_BYTES);
    bytes_put(&writer, "satsync", 7);
    bytes_put_u8(&writer, HANDSHAKE_VERSION);
    bytes_put_u8(&writer, suite);
    bytes_put_u64(&writer, session);
    assert(!writer.failed && bytes_room(&writer) == 0);
}

uint8_t wire_suite(enum wan_cipher cipher) {
    return cipher == WAN_AES256GCM ? SUITE_IK_AESGCM : SUITE_IK_CHACHAPOLY;
}

enum noise_cipher wire_noise_cipher(enum wan_cipher cipher) {
    return cipher == WAN_AES256GCM ? NOISE_AESGCM : NOISE_CHACHAPOLY;
}

void wire_head(struct bytes_writer *writer, enum datagram_kind kind, uint64_t session) {
    bytes_put_u8(writer, (uint8_t)kind);
    bytes_put_u8(writer, HANDSHAKE_VERSION);
    bytes_put_u64(writer, session);
}

void wire_token(const struct handshake_site *site, uint64_t session, bool by_initiator,
                uint8_t token[HANDSHAKE_TOKEN_BYTES]) {
    uint8_t text[9];
    store_le64(text, session);
    text[8] = by_initiator;
    noise_mac(site->reset, text, sizeof text, token);
}

void wire_refusal_tag(const struct noise *noise, const uint8_t *datagram,
                      uint8_t tag[NOISE_MAC_BYTES]) {
    uint8_t key[NOISE_KEY_BYTES];
    noise_export(noise, "satsync refusal", key);
    noise_mac(key, datagram, REFUSED_BYTES - NOISE_MAC_BYTES, tag);
    noise_wipe(key, sizeof key);
}

void wire_put_payload(struct bytes_writer *writer, const uint8_t token[HANDSHAKE_TOKEN_BYTES],
                      const uint8_t *parameters, size_t parameter_bytes) {
    assert(parameter_bytes <= HANDSHAKE_PARAMETERS);
    bytes_put(writer, token, HANDSHAKE_TOKEN_BYTES);
    bytes_put_u16(writer, (uint16_t)parameter_bytes);
    bytes_put(writer, parameters, parameter_bytes);
    assert(!writer->failed);
}

bool wire_get_payload(struct bytes_reader *reader, struct handshake_secrets *secrets) {
    bytes_get_copy(reader, secrets->peer_token, sizeof secrets->peer_token);
    secrets->parameter_bytes = bytes_get_u16(reader);
    if (reader->failed || secrets->parameter_bytes > HANDSHAKE_PARAMETERS) {
        return false;
    }
    bytes_get_copy(reader, secrets->parameters, secrets->parameter_bytes);
    return !reader->failed;
}

void wire_take_keys(struct noise *noise, struct handshake_secrets *secrets) {
    struct noise_cipher_state send;
    struct noise_cipher_state receive;
    noise_split(noise, &send, &receive);
    memcpy(secrets->send, send.key, sizeof secrets->send);
    memcpy(secrets->receive, receive.key, sizeof secrets->receive);
    noise_wipe(&send, sizeof send);
    noise_wipe(&receive, sizeof receive);
}

bool handshake_is_repeated(const uint8_t ephemeral[NOISE_KEY_BYTES], const uint8_t *datagram,
                           size_t bytes) {
    return bytes == HANDSHAKE_HELLO_BYTES && datagram[0] == DATAGRAM_HELLO &&
           noise_equal(datagram + HELLO_NOISE_AT, ephemeral, NOISE_KEY_BYTES);
}

size_t handshake_reset(const struct handshake_site *site, const struct datagram_peek *peek,
                       size_t bytes, uint8_t *datagram) {
    if (peek->kind != DATAGRAM_DATA || bytes <= RESET_BYTES) {
        return 0;
    }
    bool by_initiator = !peek->by_initiator;
    uint8_t token[HANDSHAKE_TOKEN_BYTES];
    wire_token(site, peek->session, by_initiator, token);
    struct bytes_writer writer = bytes_writer_over(datagram, RESET_BYTES);
    wire_head(&writer, by_initiator ? DATAGRAM_RESET_BY_INITIATOR : DATAGRAM_RESET_BY_RESPONDER,
              peek->session);
    bytes_put(&writer, token, sizeof token);
    return bytes_written(&writer);
}

bool handshake_is_reset(const struct handshake_secrets *secrets, const uint8_t *datagram,
                        size_t bytes) {
    struct bytes_reader reader = bytes_reader_over(datagram, bytes);
    uint8_t kind = bytes_get_u8(&reader);
    uint8_t version = bytes_get_u8(&reader);
    uint64_t session = bytes_get_u64(&reader);
    const uint8_t *token = bytes_get_view(&reader, HANDSHAKE_TOKEN_BYTES);
    uint8_t wanted = secrets->initiator ? DATAGRAM_RESET_BY_RESPONDER : DATAGRAM_RESET_BY_INITIATOR;
    return bytes_all_read(&reader) && kind == wanted && version == HANDSHAKE_VERSION &&
           session == secrets->session &&
           noise_equal(token, secrets->peer_token, HANDSHAKE_TOKEN_BYTES);
}
