#include "transport/link/door.h"

#include <assert.h>
#include <string.h>

/* RESETs help peers to notice a restart within a round trip; one a session is enough. */
enum { RESETS_PER_S = 100 };

void door_init(struct door *door, const struct door_options *options, uint64_t now_ns) {
    memset(door, 0, sizeof *door);
    door->options = *options;
    cookie_jar_init(&door->jar, options->seed, now_ns);
    noise_wipe(door->options.seed, sizeof door->options.seed);
    bucket_init(&door->handshakes, options->handshakes_per_s, now_ns);
    bucket_init(&door->resets, RESETS_PER_S, now_ns);
    door->parameter_bytes = wan_parameters(options->wan, door->parameters);
    assert(door->parameter_bytes <= sizeof door->parameters);
}

void door_wipe(struct door *door) {
    noise_wipe(door, sizeof *door);
}

static void answer_hello(struct door *door, const struct door_knock *knock,
                         struct handshake_answer *answer) {
    const struct door_options *options = &door->options;
    struct handshake_arrival arrival = {.datagram = knock->datagram,
                                        .bytes = knock->bytes,
                                        .address = knock->peer->bytes,
                                        .address_bytes = knock->peer->length,
                                        .now_ns = knock->now_ns};
    memcpy(arrival.seed, knock->seed, sizeof arrival.seed);
    const struct handshake_responder responder = {
        .site = options->site,
        .peers = options->peers,
        .peer_count = options->peer_count,
        .parameters = door->parameters,
        .parameter_bytes = door->parameter_bytes,
        .jar = &door->jar,
        .under_load = knock->half_open >= (options->max_half_open + 1) / 2 ||
                      bucket_is_low(&door->handshakes, knock->now_ns),
        .exhausted = !bucket_has(&door->handshakes, knock->now_ns),
        .full = knock->full || knock->half_open >= options->max_half_open,
        .without_aes = options->without_aes};
    handshake_answer(&responder, &arrival, answer);
    /* Cookies and versions are cheap: a flood of false HELLOs must not use up what true ones need.
     */
    bool is_cheap = answer->bytes > 0 && (answer->datagram[0] == DATAGRAM_COOKIE ||
                                          answer->datagram[0] == DATAGRAM_VERSION);
    if (!is_cheap && !responder.exhausted) {
        (void)bucket_take(&door->handshakes, knock->now_ns);
    }
    noise_wipe(arrival.seed, sizeof arrival.seed);
}

void door_answer(struct door *door, const struct door_knock *knock,
                 struct handshake_answer *answer) {
    struct datagram_peek peek;
    memset(answer, 0, sizeof *answer);
    if (!datagram_peek(knock->datagram, knock->bytes, &peek)) {
        return;
    }
    if (peek.kind == DATAGRAM_HELLO && door->options.accept) {
        answer_hello(door, knock, answer);
    } else if (peek.kind == DATAGRAM_DATA && bucket_take(&door->resets, knock->now_ns)) {
        answer->bytes = handshake_reset(door->options.site, &peek, knock->bytes, answer->datagram);
    }
}
