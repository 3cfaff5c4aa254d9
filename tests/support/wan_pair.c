#include "support/wan_pair.h"

#include "codec/parity.h"
#include "support/cmocka.h"
#include "support/handshakes.h"

#include <stdlib.h>
#include <string.h>

enum { PATTERN_BYTES = 1 << 20, BATCH_BYTES = 64 * 1472, SLICE_BYTES = 300000 };

struct pair_datagram {
    int to;
    size_t bytes;
    uint8_t data[];
};

static uint8_t *pattern; /* twice, so that any PATTERN_BYTES from any start lie together */

static void make_pattern(void) {
    if (!pattern) {
        struct random random = random_of(4711, 0);
        pattern = malloc(2 * PATTERN_BYTES);
        random_bytes(&random, pattern, PATTERN_BYTES);
        memcpy(pattern + PATTERN_BYTES, pattern, PATTERN_BYTES);
    }
}

const uint8_t *pair_content(uint64_t message, uint64_t offset) {
    return pattern + (message * 7919 + offset) % PATTERN_BYTES;
}

void pair_init(struct wan_pair *pair, uint64_t seed) {
    make_pattern();
    memset(pair, 0, sizeof *pair);
    pair->random = random_of(seed, 1);
    pair->now_ns = PAIR_SECOND;
    timers_init(&pair->flying, NULL);
    pair->batch = malloc(BATCH_BYTES);
    for (int end = 0; end < 2; end++) {
        pair->parity[end] = parity_open(NULL);
        pair->ends[end].options = (struct wan_options){.parity = pair->parity[end],
                                                       .seed = seed * 2 + (uint64_t)end,
                                                       .max_in_flight = 16384,
                                                       .max_messages = 64};
        pair->sites[end] = handshakes_site((uint8_t)(end + 1));
        pair->peers[end] = handshakes_peer((uint8_t)(2 - end));
    }
}

void pair_start(struct wan_pair *pair) {
    struct wan_options *options = &pair->ends[0].options;
    struct handshake_options hello = {.site = &pair->sites[0],
                                      .peer = pair->peers[0],
                                      .parameters = pair->parameters[0],
                                      .parameter_bytes =
                                          wan_parameters(options, pair->parameters[0]),
                                      .session = random_u64(&pair->random),
                                      .seed = {1, 2, 3},
                                      .without_aes = pair->without_aes};
    assert_int_equal(handshake_begin(&pair->handshake, &hello, NULL), SATSYNC_OK);
    options->handshake = &pair->handshake;
    struct satsync_error error;
    assert_int_equal(wan_new(options, &pair->ends[0].wan, &error), SATSYNC_OK);
}

void pair_fini(struct wan_pair *pair) {
    uint64_t value;
    while (timers_pop(&pair->flying, TIME_NEVER, &value)) {
        free((void *)(uintptr_t)value);
    }
    timers_fini(&pair->flying);
    for (int end = 0; end < 2; end++) {
        wan_free(pair->ends[end].wan);
        parity_close(pair->parity[end]);
        for (size_t i = 0; i < PAIR_MESSAGES; i++) {
            if (pair->ends[end].incoming[i].begun) {
                ranges_fini(&pair->ends[end].incoming[i].got);
            }
        }
    }
    free(pair->batch);
}

static bool chance(struct wan_pair *pair, uint64_t ppm) {
    return ppm > 0 && random_below(&pair->random, 1000000) < ppm;
}

static bool is_dark(const struct pair_path *path, uint64_t at_ns) {
    if (at_ns >= path->dark_from_ns && at_ns < path->dark_until_ns) {
        return true;
    }
    if (path->dark_period_ns == 0) {
        return false;
    }
    /* Each period's outage comes at its middle, with a length of its own. */
    uint64_t period = at_ns / path->dark_period_ns;
    uint32_t draw[4];
    random_block(path->dark_period_ns, 9, period, draw);
    uint64_t length =
        path->dark_least_ns + draw[0] % (path->dark_most_ns - path->dark_least_ns + 1);
    uint64_t place = at_ns % path->dark_period_ns;
    uint64_t from = path->dark_period_ns / 2;
    return place >= from && place < from + length;
}

static void fly(struct wan_pair *pair, int to, uint64_t at_ns, const uint8_t *data, size_t bytes) {
    struct pair_datagram *datagram = malloc(sizeof *datagram + bytes);
    datagram->to = to;
    datagram->bytes = bytes;
    memcpy(datagram->data, data, bytes);
    if (chance(pair, pair->paths[1 - to].corrupt_ppm)) {
        datagram->data[random_below(&pair->random, bytes)] ^= 1;
    }
    assert_int_equal(timers_add(&pair->flying, at_ns, (uint64_t)(uintptr_t)datagram), SATSYNC_OK);
}

static void note_trace(struct wan_pair *pair, const uint8_t *data, size_t bytes) {
    uint64_t hash = pair->trace ^ pair->now_ns ^ bytes;
    for (size_t i = 0; i < bytes; i += 97) {
        hash = (hash ^ data[i]) * UINT64_C(0x100000001b3);
    }
    pair->trace = hash;
}

static void transmit(struct wan_pair *pair, int from, const uint8_t *data, size_t bytes) {
    struct pair_path *path = &pair->paths[from];
    size_t ip_bytes = bytes + WAN_IP_UDP_BYTES;
    note_trace(pair, data, bytes);
    if (pair->tap) {
        pair->tap(pair, from, data, bytes);
    }
    path->datagrams++;
    path->ip_bytes += ip_bytes;
    uint64_t start = path->free_ns > pair->now_ns ? path->free_ns : pair->now_ns;
    uint64_t arrival = start;
    if (path->rate_bps > 0) {
        uint64_t queued = (start - pair->now_ns) / 1000 * path->rate_bps / 8000000;
        if (path->queue_bytes > 0 && queued > path->queue_bytes) {
            return;
        }
        arrival = start + ip_bytes * UINT64_C(8000000000) / path->rate_bps;
        path->free_ns = arrival;
    }
    if (is_dark(path, arrival) || chance(pair, path->loss_ppm)) {
        return;
    }
    arrival += path->delay_ns;
    if (chance(pair, path->reorder_ppm)) {
        arrival += random_below(&pair->random, path->reorder_ns + 1);
    }
    fly(pair, 1 - from, arrival, data, bytes);
    if (chance(pair, path->duplicate_ppm)) {
        fly(pair, 1 - from, arrival + random_below(&pair->random, path->delay_ns + 1), data, bytes);
    }
}

static void write_more(struct pair_end *end, uint64_t number) {
    struct pair_outgoing *message = &end->outgoing[number];
    while (message->written < message->bytes && !message->waits_for_writable) {
        uint64_t bytes = message->bytes - message->written;
        bytes = bytes < message->slice_bytes ? bytes : message->slice_bytes;
        struct link_slice slice = {pair_content(number, message->written), bytes,
                                   (void *)(uintptr_t)(number + 1)};
        enum satsync_status status = wan_write(end->wan, number, &slice);
        if (status == SATSYNC_AGAIN) {
            message->waits_for_writable = true;
            return;
        }
        assert_int_equal(status, SATSYNC_OK);
        message->written += bytes;
    }
}

uint64_t pair_submit(struct wan_pair *pair, int which, enum link_class class, uint64_t bytes) {
    struct pair_end *end = &pair->ends[which];
    uint64_t number;
    struct link_message message = {.class = class, .bytes = bytes};
    assert_int_equal(wan_submit(end->wan, pair->now_ns, &message, &number), SATSYNC_OK);
    assert_int_equal(number, end->outgoing_count);
    assert_true(number < PAIR_MESSAGES);
    end->outgoing_count++;
    end->outgoing[number] = (struct pair_outgoing){.bytes = bytes, .slice_bytes = SLICE_BYTES};
    write_more(end, number);
    return number;
}

void pair_write(struct wan_pair *pair, int end, uint64_t number) {
    pair->ends[end].outgoing[number].waits_for_writable = false;
    write_more(&pair->ends[end], number);
}

static void take_data(struct pair_end *end, const struct link_event *event) {
    struct pair_incoming *message = &end->incoming[event->message];
    assert_true(message->begun);
    assert_true(event->bytes > 0 && event->offset + event->bytes <= message->bytes);
    struct range gap = ranges_first_gap(&message->got, event->offset, event->offset + event->bytes);
    assert_true(gap.from == event->offset && gap.to == event->offset + event->bytes);
    assert_int_equal(ranges_add(&message->got, gap.from, gap.to), SATSYNC_OK);
    assert_memory_equal(event->data, pair_content(event->message, event->offset), event->bytes);
    if (end->hold) {
        end->held_back += event->bytes;
    } else {
        wan_release(end->wan, event->bytes);
    }
}

static void take_event(struct wan_pair *pair, struct pair_end *end,
                       const struct link_event *event) {
    struct pair_incoming *incoming = &end->incoming[event->message % PAIR_MESSAGES];
    struct pair_outgoing *outgoing = &end->outgoing[event->message % PAIR_MESSAGES];
    assert_false(end->down);
    switch (event->kind) {
    case LINK_EVENT_UP:
        end->up_ns = pair->now_ns;
        assert_memory_equal(event->peer_key, pair->peers[end - pair->ends].ed25519, 32);
        break;
    case LINK_EVENT_DOWN:
        end->down = true;
        end->down_status = event->status;
        break;
    case LINK_EVENT_MESSAGE:
        assert_false(incoming->begun);
        *incoming = (struct pair_incoming){
            .begun = true, .class = event->class, .bytes = event->message_bytes};
        ranges_init(&incoming->got, 1 << 20, NULL);
        break;
    case LINK_EVENT_DATA:
        take_data(end, event);
        break;
    case LINK_EVENT_RECEIVED:
        assert_true(ranges_cover(&incoming->got, 0, incoming->bytes));
        assert_int_equal(incoming->received_ns, 0);
        incoming->received_ns = pair->now_ns;
        end->received++;
        break;
    case LINK_EVENT_WRITABLE:
        outgoing->waits_for_writable = false;
        write_more(end, event->message);
        break;
    case LINK_EVENT_RETURNED:
        assert_int_equal((uintptr_t)event->cookie, event->message + 1);
        outgoing->returned += event->bytes;
        break;
    case LINK_EVENT_URGENT:
        break;
    case LINK_EVENT_DELIVERED:
        assert_int_equal(outgoing->returned, outgoing->bytes);
        assert_int_equal(outgoing->delivered_ns, 0);
        outgoing->delivered_ns = pair->now_ns;
        end->delivered++;
        break;
    }
}

static void drain(struct wan_pair *pair, struct pair_end *end) {
    struct link_event event;
    while (wan_event(end->wan, &event)) {
        take_event(pair, end, &event);
    }
}

static void pump(struct wan_pair *pair, int which) {
    struct pair_end *end = &pair->ends[which];
    if (!end->wan || end->dead) {
        return;
    }
    wan_tick(end->wan, pair->now_ns);
    drain(pair, end);
    struct wan_batch batch = {.data = pair->batch, .capacity = BATCH_BYTES};
    while (wan_send(end->wan, pair->now_ns, &batch)) {
        assert_true(batch.segment_bytes > 0 && batch.bytes <= BATCH_BYTES);
        for (size_t at = 0; at < batch.bytes; at += batch.segment_bytes) {
            size_t left = batch.bytes - at;
            transmit(pair, which, batch.data + at,
                     left < batch.segment_bytes ? left : batch.segment_bytes);
        }
        drain(pair, end);
    }
}

/* What the acceptor's endpoint does with a HELLO for a session it does not know. */
static void accept_hello(struct wan_pair *pair, const uint8_t *data, size_t bytes) {
    struct pair_end *end = &pair->ends[1];
    struct datagram_peek peek;
    if (!datagram_peek(data, bytes, &peek) || peek.kind != DATAGRAM_HELLO) {
        return;
    }
    struct handshake_responder responder =
        handshakes_responder(&pair->sites[1], &pair->peers[1], 1);
    responder.parameters = pair->parameters[1];
    responder.parameter_bytes = wan_parameters(&end->options, pair->parameters[1]);
    struct handshake_arrival arrival = handshakes_arrival(data, bytes);
    handshake_answer(&responder, &arrival, &pair->answer);
    if (!pair->answer.accepted) {
        if (pair->answer.bytes > 0) {
            transmit(pair, 1, pair->answer.datagram, pair->answer.bytes);
        }
        return;
    }
    end->options.answer = &pair->answer;
    struct satsync_error error;
    assert_int_equal(wan_new(&end->options, &end->wan, &error), SATSYNC_OK);
}

static void arrive(struct wan_pair *pair, struct pair_datagram *datagram) {
    struct pair_end *end = &pair->ends[datagram->to];
    struct pair_path *path = &pair->paths[1 - datagram->to];
    if (path->arrival_ns > 0 && pair->now_ns - path->arrival_ns > path->max_gap_ns) {
        path->max_gap_ns = pair->now_ns - path->arrival_ns;
    }
    path->arrival_ns = pair->now_ns;
    if (end->dead) {
        end->lost_on_death += datagram->bytes + WAN_IP_UDP_BYTES;
        free(datagram);
        return;
    }
    if (!end->wan && datagram->to == 1) {
        accept_hello(pair, datagram->data, datagram->bytes);
    }
    if (end->wan) {
        wan_recv(end->wan, pair->now_ns, datagram->data, datagram->bytes);
        drain(pair, end);
    }
    free(datagram);
}

static bool all_done(const struct wan_pair *pair) {
    return pair->ends[0].delivered == pair->ends[0].outgoing_count &&
           pair->ends[1].delivered == pair->ends[1].outgoing_count &&
           pair->ends[1].received == pair->ends[0].outgoing_count &&
           pair->ends[0].received == pair->ends[1].outgoing_count;
}

static uint64_t next_time(const struct wan_pair *pair) {
    uint64_t next = timers_next(&pair->flying);
    for (int end = 0; end < 2; end++) {
        uint64_t at = pair->ends[end].wan && !pair->ends[end].dead
                          ? wan_next_timeout(pair->ends[end].wan)
                          : TIME_NEVER;
        next = at < next ? at : next;
    }
    return next;
}

static void step(struct wan_pair *pair) {
    uint64_t value;
    bool touched[2] = {true, true};
    while (timers_pop(&pair->flying, pair->now_ns, &value)) {
        arrive(pair, (struct pair_datagram *)(uintptr_t)value);
    }
    for (int end = 0; end < 2; end++) {
        if (touched[end]) {
            pump(pair, end);
        }
    }
}

static bool run(struct wan_pair *pair, uint64_t until_ns, bool stop_when_done) {
    int stuck = 0;
    for (;;) {
        step(pair);
        if (stop_when_done && (all_done(pair) || pair->ends[0].down || pair->ends[1].down)) {
            return all_done(pair);
        }
        uint64_t next = next_time(pair);
        if (next > until_ns) {
            pair->now_ns = until_ns;
            return all_done(pair);
        }
        /* A pump that leaves its own timeout in the past would spin for ever. */
        stuck = next <= pair->now_ns ? stuck + 1 : 0;
        assert_true(stuck < 100);
        pair->now_ns = next > pair->now_ns ? next : pair->now_ns;
    }
}

bool pair_run(struct wan_pair *pair, uint64_t until_ns) {
    return run(pair, until_ns, true);
}

void pair_run_to(struct wan_pair *pair, uint64_t until_ns) {
    (void)run(pair, until_ns, false);
}
