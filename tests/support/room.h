/*
 * A room of ranks in one thread: endpoints and links in memory, in virtual time, that deliver in a
 * seeded order, cut messages into pieces, and notice when a borrowed slice was changed.
 */
#ifndef SUPPORT_ROOM_H
#define SUPPORT_ROOM_H

#include "base/random.h"
#include "port/link.h"

enum { ROOM_RANKS = 16, ROOM_MESSAGES = 24, ROOM_EVENTS = 4096 };

struct room_message {
    bool used;
    bool announced;
    bool placed;
    bool delivered;
    enum link_class class;
    uint64_t number;
    uint64_t bytes;
    uint64_t at;         /* delivered so far */
    uint8_t *into;       /* from `place`; NULL: as borrowed data */
    const uint8_t *data; /* the slice; NULL: none was written yet */
    uint8_t *copy;       /* what it held then */
    void *cookie;
};

/* One end of a link; messages are those that it sends. */
struct room_end {
    struct link link;
    struct room *room;
    uint32_t from;
    uint32_t to;
    bool is_open;
    uint64_t submitted;
    uint64_t announced;
    struct room_message messages[ROOM_MESSAGES];
    uint8_t urgent[LINK_URGENT_BYTES]; /* the last one said */
};

struct room_seat {
    struct endpoint endpoint;
    struct room *room;
    uint32_t rank;
    struct link_event events[ROOM_EVENTS];
    size_t event_count;
    bool is_deaf;           /* no message reaches it any more, only urgent words do */
    uint64_t wait_until_ns; /* of the last wait */
};

struct room {
    struct random random;
    uint64_t now_ns;
    uint32_t ranks;
    bool has_place;
    uint64_t piece_bytes; /* at most, of one delivery */
    struct link_ops ops;
    struct room_seat *seats;
    struct room_end *ends; /* [from * ROOM_RANKS + to] */
    uint64_t released_bytes;
};

void room_open(struct room *room, uint32_t ranks, uint64_t seed, bool has_place);
void room_close(struct room *room);

struct endpoint *room_endpoint(struct room *room, uint32_t rank);

/* A link between two ranks breaks: both ends are told, their slices returned. */
void room_break(struct room *room, uint32_t a, uint32_t b, enum satsync_status status);

/* Sends rank 1's message of our own making to rank 0. */
void room_forge(struct room *room, enum link_class class, const void *data, size_t bytes);

#endif
