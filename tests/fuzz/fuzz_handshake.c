/*
 * The handshake's datagrams. The first byte chooses the decoder; the rest is a datagram, or what a
 * true datagram is XORed with, so that the input also reaches what lies behind the AEAD.
 */
#include "support/handshakes.h"
#include "transport/wan/cookie.h"
#include "transport/wan/handshake_wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

enum target { ANSWER_RAW, ANSWER_XOR, RECEIVE_RAW, RECEIVE_XOR, PAYLOAD, RESET, TARGETS };

static struct handshake_site sites[2];
static struct handshake_peer peer;
static struct handshake handshake;
static struct handshake_answer welcome;
static struct cookie_jar jar;

static void must(bool condition) {
    if (!condition) {
        abort();
    }
}

static struct handshake_responder responder(void) {
    return handshakes_responder(&sites[1], &peer, 1);
}

static void set_up(void) {
    if (welcome.accepted) {
        return;
    }
    sites[1] = handshakes_site(2);
    peer = handshakes_peer(1);
    handshakes_begin_without_aes(&handshake, &sites[0], 1, 2);
    cookie_jar_init(&jar, (const uint8_t[32]){1}, 0);
    struct handshake_responder second = responder();
    struct handshake_arrival arrival = handshakes_arrival(handshake.hello, sizeof handshake.hello);
    handshake_answer(&second, &arrival, &welcome);
    must(welcome.accepted);
}

/* The changed datagram in a buffer of its exact size. */
static uint8_t *mix(const uint8_t *truth, size_t truth_bytes, const uint8_t *mask, size_t bytes) {
    uint8_t *mixed = malloc(truth_bytes);
    must(mixed != NULL);
    memcpy(mixed, truth, truth_bytes);
    for (size_t i = 0; i < bytes && i < truth_bytes; i++) {
        mixed[i] ^= mask[i];
    }
    return mixed;
}

static void answer(const uint8_t *datagram, size_t bytes) {
    struct handshake_answer out;
    struct handshake_responder second = responder();
    second.jar = &jar;
    for (int load = 0; load < 2; load++) {
        second.under_load = load;
        struct handshake_arrival arrival = handshakes_arrival(datagram, bytes);
        handshake_answer(&second, &arrival, &out);
        must(out.bytes <= bytes);
        must(out.bytes == 0 || bytes >= HANDSHAKE_HELLO_BYTES);
        /* Only the cookie, which no load asks for, may differ from the true HELLO. */
        if (out.accepted) {
            must(memcmp(datagram, handshake.hello, COOKIE_AT) == 0);
            must(memcmp(datagram + HELLO_NOISE_AT, handshake.hello + HELLO_NOISE_AT,
                        HANDSHAKE_HELLO_BYTES - HELLO_NOISE_AT) == 0);
        }
    }
}

static void receive(const uint8_t *datagram, size_t bytes) {
    struct handshake copy = handshake;
    struct handshake_secrets secrets;
    struct satsync_error error = {0};
    enum handshake_step step = handshake_recv(&copy, datagram, bytes, &secrets, &error);
    if (step == HANDSHAKE_DONE) {
        must(bytes == welcome.bytes && memcmp(datagram, welcome.datagram, bytes) == 0);
    }
    must((step == HANDSHAKE_FAILED) == (error.status != SATSYNC_OK));
    must(!handshake_is_reset(&welcome.secrets, datagram, bytes));
}

static void payload(const uint8_t *data, size_t bytes) {
    struct handshake_secrets secrets;
    struct bytes_reader reader = bytes_reader_over(data, bytes);
    if (wire_get_payload(&reader, &secrets)) {
        uint8_t again[PAYLOAD_HEAD_BYTES + HANDSHAKE_PARAMETERS];
        struct bytes_writer writer = bytes_writer_over(again, sizeof again);
        wire_put_payload(&writer, secrets.peer_token, secrets.parameters, secrets.parameter_bytes);
        must(memcmp(again, data, bytes_written(&writer)) == 0);
    }
}

static void reset(const uint8_t *data, size_t bytes) {
    struct datagram_peek peek;
    uint8_t out[HANDSHAKE_REPLY_BYTES];
    if (datagram_peek(data, bytes, &peek)) {
        size_t made = handshake_reset(&sites[0], &peek, bytes, out);
        must(made == 0 || made < bytes);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    set_up();
    if (bytes == 0) {
        return 0;
    }
    const uint8_t *rest = data + 1;
    size_t rest_bytes = bytes - 1;
    uint8_t *mixed = NULL;
    switch ((enum target)(data[0] % TARGETS)) {
    case ANSWER_RAW:
        answer(rest, rest_bytes);
        break;
    case ANSWER_XOR:
        mixed = mix(handshake.hello, sizeof handshake.hello, rest, rest_bytes);
        answer(mixed, sizeof handshake.hello);
        break;
    case RECEIVE_RAW:
        receive(rest, rest_bytes);
        break;
    case RECEIVE_XOR:
        mixed = mix(welcome.datagram, welcome.bytes, rest, rest_bytes);
        receive(mixed, welcome.bytes);
        break;
    case PAYLOAD:
        payload(rest, rest_bytes);
        break;
    case RESET:
    case TARGETS:
        reset(rest, rest_bytes);
        break;
    }
    free(mixed);
    return 0;
}
