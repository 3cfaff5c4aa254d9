#include "support/room.h"

#include "support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct room_end *end_of(struct room *room, uint32_t from, uint32_t to) {
    return &room->ends[from * ROOM_RANKS + to];
}

static void tell(struct room *room, uint32_t rank, const struct link_event *event) {
    struct room_seat *seat = &room->seats[rank];
    assert_true(seat->event_count < ROOM_EVENTS);
    seat->events[seat->event_count++] = *event;
}

static enum satsync_status submit(struct link *link, const struct link_message *message,
                                  uint64_t *number) {
    struct room_end *end = (struct room_end *)link;
    assert_true(message->bytes > 0);
    for (size_t i = 0; i < ROOM_MESSAGES && end->is_open; i++) {
        if (!end->messages[i].used && random_below(&end->room->random, 8) > 0) {
            *number = end->submitted++;
            end->messages[i] = (struct room_message){
                .used = true, .class = message->class, .number = *number, .bytes = message->bytes};
            return SATSYNC_OK;
        }
    }
    return SATSYNC_LIMIT;
}

static struct room_message *message_of(struct room_end *end, uint64_t number) {
    for (size_t i = 0; i < ROOM_MESSAGES; i++) {
        if (end->messages[i].used && end->messages[i].number == number) {
            return &end->messages[i];
        }
    }
    fail_msg("no such message");
    return NULL;
}

static enum satsync_status write_slice(struct link *link, uint64_t number,
                                       const struct link_slice *slice) {
    struct room_end *end = (struct room_end *)link;
    struct room_message *message = message_of(end, number);
    assert_int_equal(slice->bytes, message->bytes); /* one slice a message is enough here */
    if (random_below(&end->room->random, 8) == 0) {
        tell(end->room, end->from,
             &(struct link_event){.kind = LINK_EVENT_WRITABLE, .link = link, .message = number});
        return SATSYNC_AGAIN;
    }
    message->data = slice->data;
    message->cookie = slice->cookie;
    message->copy = malloc(slice->bytes);
    assert_non_null(message->copy);
    memcpy(message->copy, slice->data, slice->bytes);
    return SATSYNC_OK;
}

static void release(struct link *link, uint64_t bytes) {
    ((struct room_end *)link)->room->released_bytes += bytes;
}

static void stats(struct link *link, struct link_stats *out) {
    (void)link;
    memset(out, 0, sizeof *out);
}

/* The receiver places what the other end sends. */
static void place(struct link *link, uint64_t number, uint8_t *into) {
    struct room_end *own = (struct room_end *)link;
    struct room_message *message = message_of(end_of(own->room, own->to, own->from), number);
    assert_true(message->announced && !message->placed);
    message->placed = true;
    message->into = into;
}

static enum satsync_status urge(struct link *link, const void *data, size_t bytes) {
    struct room_end *end = (struct room_end *)link;
    assert_true(end->is_open && bytes <= sizeof end->urgent);
    memcpy(end->urgent, data, bytes);
    tell(end->room, end->to,
         &(struct link_event){.kind = LINK_EVENT_URGENT,
                              .link = &end_of(end->room, end->to, end->from)->link,
                              .data = end->urgent,
                              .bytes = bytes});
    return SATSYNC_OK;
}

static void give_back(struct room_end *end, struct room_message *message) {
    if (message->data) {
        /* Nobody may have changed what was borrowed. */
        assert_memory_equal(message->data, message->copy, message->bytes);
        free(message->copy);
        tell(end->room, end->from,
             &(struct link_event){
                 .kind = LINK_EVENT_RETURNED, .link = &end->link, .cookie = message->cookie});
    }
    message->used = false;
}

static void break_end(struct room_end *end, enum satsync_status status) {
    if (!end->is_open) {
        return;
    }
    end->is_open = false;
    for (size_t i = 0; i < ROOM_MESSAGES; i++) {
        if (end->messages[i].used) {
            give_back(end, &end->messages[i]);
        }
    }
    tell(end->room, end->from,
         &(struct link_event){.kind = LINK_EVENT_DOWN, .link = &end->link, .status = status});
}

void room_break(struct room *room, uint32_t a, uint32_t b, enum satsync_status status) {
    break_end(end_of(room, a, b), status);
    break_end(end_of(room, b, a), status);
}

static void close_link(struct link *link, enum satsync_status why) {
    struct room_end *end = (struct room_end *)link;
    break_end(end, why);
    break_end(end_of(end->room, end->to, end->from), SATSYNC_PEER_FAILED);
}

static void meet(struct room *room, uint32_t from, uint32_t to) {
    struct room_end *end = end_of(room, from, to);
    *end = (struct room_end){
        .link.ops = &room->ops, .room = room, .from = from, .to = to, .is_open = true};
    tell(room, from,
         &(struct link_event){.kind = LINK_EVENT_UP, .link = &end->link, .peer_rank = to});
}

static enum satsync_status connect_rank(struct endpoint *endpoint, const struct link_target *target,
                                        struct link **link, struct satsync_error *error) {
    (void)error;
    struct room_seat *seat = (struct room_seat *)endpoint;
    uint32_t to = target->peer_rank;
    assert_int_equal(target->address[0] - 'a', (int)to);
    meet(seat->room, seat->rank, to);
    meet(seat->room, to, seat->rank);
    *link = &end_of(seat->room, seat->rank, to)->link;
    return SATSYNC_OK;
}

/* The next piece of a message, and its end. */
static void deliver(struct room_end *end, struct room_message *message) {
    struct room *room = end->room;
    struct link *link = &end_of(room, end->to, end->from)->link;
    uint64_t left = message->bytes - message->at;
    uint64_t bytes = 1 + random_below(&room->random, room->piece_bytes);
    bytes = bytes < left ? bytes : left;
    const uint8_t *data = message->copy + message->at;
    if (message->into) {
        data = memcpy(message->into + message->at, data, bytes);
    }
    tell(room, end->to,
         &(struct link_event){.kind = LINK_EVENT_DATA,
                              .link = link,
                              .class = message->class,
                              .message = message->number,
                              .message_bytes = message->bytes,
                              .offset = message->at,
                              .data = data,
                              .bytes = bytes});
    message->at += bytes;
    if (message->at == message->bytes) {
        message->delivered = true;
        tell(room, end->to,
             &(struct link_event){.kind = LINK_EVENT_RECEIVED,
                                  .link = link,
                                  .class = message->class,
                                  .message = message->number,
                                  .message_bytes = message->bytes});
    }
}

/* One thing that may happen to a message: a slice comes back, it is announced, a piece arrives. */
static void happen(struct room_end *end, struct room_message *message) {
    struct room *room = end->room;
    if (message->delivered) {
        /* Borrowed data lives until the receiver has looked at it. */
        if (room->seats[end->to].event_count == 0) {
            give_back(end, message);
        }
    } else if (!message->announced && (message->number == end->announced || !room->has_place)) {
        message->announced = true;
        end->announced++;
        tell(room, end->to,
             &(struct link_event){.kind = LINK_EVENT_MESSAGE,
                                  .link = &end_of(room, end->to, end->from)->link,
                                  .class = message->class,
                                  .message = message->number,
                                  .message_bytes = message->bytes});
    } else if (message->announced && message->data && (message->placed || !room->has_place)) {
        deliver(end, message);
    }
}

static bool take_event(struct room_seat *seat, struct link_event *event) {
    if (seat->event_count == 0) {
        return false;
    }
    *event = seat->events[0];
    seat->event_count--;
    memmove(seat->events, seat->events + 1, seat->event_count * sizeof *event);
    return true;
}

/* One of those under way, each as likely as any other. */
static struct room_message *any_message(struct room_end *end) {
    struct room_message *found = NULL;
    uint64_t count = 0;
    for (size_t i = 0; i < ROOM_MESSAGES; i++) {
        if (end->messages[i].used && random_below(&end->room->random, ++count) == 0) {
            found = &end->messages[i];
        }
    }
    return found;
}

static bool poll_seat(struct endpoint *endpoint, struct link_event *event) {
    struct room_seat *seat = (struct room_seat *)endpoint;
    struct room *room = seat->room;
    if (take_event(seat, event)) {
        return true;
    }
    for (unsigned tries = 0; tries < 2 * room->ranks; tries++) {
        uint32_t other = (uint32_t)random_below(&room->random, room->ranks);
        bool incoming = random_below(&room->random, 2);
        struct room_end *end =
            incoming ? end_of(room, other, seat->rank) : end_of(room, seat->rank, other);
        struct room_message *message = end->is_open ? any_message(end) : NULL;
        /* What comes back is the sender's business, what arrives the receiver's. */
        if (message && message->delivered == !incoming && !(incoming && seat->is_deaf)) {
            happen(end, message);
        }
    }
    return random_below(&room->random, 4) > 0 && take_event(seat, event);
}

static void wait_seat(struct endpoint *endpoint, uint64_t until_ns) {
    ((struct room_seat *)endpoint)->wait_until_ns = until_ns;
}

static void wake_seat(struct endpoint *endpoint) {
    (void)endpoint;
}

static uint64_t now_ns(struct endpoint *endpoint) {
    return ((struct room_seat *)endpoint)->room->now_ns;
}

static void local(struct endpoint *endpoint, char *out, size_t bytes) {
    (void)endpoint;
    snprintf(out, bytes, "seat");
}

static void close_seat(struct endpoint *endpoint) {
    (void)endpoint;
}

void room_open(struct room *room, uint32_t ranks, uint64_t seed, bool has_place) {
    static const struct endpoint_ops seat_ops = {.connect = connect_rank,
                                                 .poll = poll_seat,
                                                 .wait = wait_seat,
                                                 .wake = wake_seat,
                                                 .now_ns = now_ns,
                                                 .local = local,
                                                 .close = close_seat};
    *room = (struct room){.random = random_of(seed, 77),
                          .now_ns = 1000000000,
                          .ranks = ranks,
                          .has_place = has_place,
                          .ops = {.submit = submit,
                                  .write = write_slice,
                                  .release = release,
                                  .stats = stats,
                                  .close = close_link,
                                  .place = has_place ? place : NULL,
                                  .urge = urge}};
    struct random random = random_of(seed, 78);
    room->piece_bytes = 1 + random_below(&random, 3000);
    room->seats = calloc(ranks, sizeof *room->seats);
    room->ends = calloc(ROOM_RANKS * ROOM_RANKS, sizeof *room->ends);
    assert_non_null(room->seats);
    assert_non_null(room->ends);
    for (uint32_t rank = 0; rank < ranks; rank++) {
        room->seats[rank].endpoint.ops = &seat_ops;
        room->seats[rank].room = room;
        room->seats[rank].rank = rank;
    }
}

void room_close(struct room *room) {
    for (size_t i = 0; i < ROOM_RANKS * ROOM_RANKS; i++) {
        break_end(&room->ends[i], SATSYNC_CANCELLED);
    }
    free(room->seats);
    free(room->ends);
}

struct endpoint *room_endpoint(struct room *room, uint32_t rank) {
    return &room->seats[rank].endpoint;
}

void room_forge(struct room *room, enum link_class class, const void *data, size_t bytes) {
    struct room_end *end = end_of(room, 1, 0);
    const struct link_message message = {.class = class, .bytes = bytes};
    const struct link_slice slice = {.data = data, .bytes = bytes};
    uint64_t number;
    while (submit(&end->link, &message, &number) != SATSYNC_OK) {
    }
    while (write_slice(&end->link, number, &slice) != SATSYNC_OK) {
    }
}
