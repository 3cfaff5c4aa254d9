/* Messages as a peer that holds a site's key could send them, agreement's included: a site with a
 * step under way survives them, and what it then says of itself is what it said before or has had
 * decided. The first byte of the input chooses the exchange. Each message of the input begins with
 * its length in two bytes; its first byte is turned into a kind, so that few are wasted. */
#include "base/bytes.h"
#include "rounds/rounds.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

#define MS UINT64_C(1000000)

static void check(bool holds) {
    if (!holds) {
        abort();
    }
}

static enum satsync_status keep(void *context, const void *data, size_t bytes) {
    (void)context, (void)data, (void)bytes;
    return SATSYNC_OK;
}

static struct rounds *make_rounds(float *local, enum rounds_exchange exchange) {
    static const uint64_t elements[] = {300, 5};
    memset(local, 0, 305 * sizeof *local);
    struct rounds_options options = {.sites = 3,
                                     .incarnation = 7,
                                     .now_ns = MS,
                                     .fragments = 2,
                                     .fragment_elements = elements,
                                     .initial = local,
                                     .exchange = exchange,
                                     .inner_steps = 2,
                                     .port = {keep, NULL}};
    struct rounds *rounds;
    check(rounds_open(&options, &rounds, NULL) == SATSYNC_OK);
    rounds_peer_up(rounds, MS, 1);
    rounds_peer_up(rounds, MS, 2);
    return rounds;
}

static void drain(struct rounds *rounds, uint64_t now_ns, float *local) {
    struct rounds_event event;
    while (rounds_event(rounds, &event)) {
        if (event.kind == ROUNDS_EVENT_GIVE) {
            enum satsync_status status =
                rounds_give(rounds, now_ns, event.fragment, local + 300 * event.fragment, NULL);
            check(status == SATSYNC_OK || status == SATSYNC_AGAIN);
        } else if (event.kind == ROUNDS_EVENT_READY) {
            check(rounds_apply(rounds, now_ns, 0, local) == SATSYNC_OK);
            check(rounds_apply(rounds, now_ns, 1, local + 300) == SATSYNC_OK);
        }
    }
    struct rounds_message message;
    for (size_t peer = 1; peer < 3; peer++) {
        while (rounds_send(rounds, peer, &message)) {
            rounds_returned(rounds, message.cookie);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    float local[305];
    struct bytes_reader reader = bytes_reader_over(data, bytes);
    bool is_reduced = bytes_get_u8(&reader) % 2 == 1;
    struct rounds *rounds =
        make_rounds(local, is_reduced ? ROUNDS_OWNER_REDUCE : ROUNDS_ALL_GATHER);
    uint64_t now_ns = 2 * MS;
    for (uint64_t i = 1; bytes_left(&reader) > 2 && i < 200; i++) {
        size_t length = bytes_get_u16(&reader) % 2048;
        length = length < bytes_left(&reader) ? length : bytes_left(&reader);
        uint8_t message[2048];
        bytes_get_copy(&reader, message, length);
        if (length >= 2) {
            message[0] = 1 + message[0] % 7;
            message[1] = 1;
        }
        now_ns += 150 * MS;
        rounds_run(rounds, now_ns);
        rounds_tick(rounds, now_ns, i);
        enum satsync_status status = rounds_recv(rounds, now_ns, 1 + i % 2, message, length);
        check(status == SATSYNC_OK || status == SATSYNC_PROTOCOL || status == SATSYNC_CONFLICT);
        drain(rounds, now_ns, local);
    }
    rounds_close(rounds);
    return 0;
}
