/*
 * Who is let in: answers datagrams of sessions that are not known here.
 *
 * Handshakes are limited in rate and in number; past half of either limit a cookie is asked for, so
 * that only a peer that receives at its address can cost more than a hash. Owner thread.
 */
#ifndef TRANSPORT_LINK_DOOR_H
#define TRANSPORT_LINK_DOOR_H

#include "port/net.h"
#include "transport/link/bucket.h"
#include "transport/wan/cookie.h"
#include "transport/wan/handshake.h"
#include "transport/wan/wan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct door_options {
    const struct handshake_site *site;  /* borrowed */
    const struct handshake_peer *peers; /* borrowed: who is let in */
    size_t peer_count;
    bool accept;          /* false: HELLO gets silence */
    bool without_aes;     /* tests */
    size_t max_half_open; /* accepted handshakes whose peer has not proved to be there */
    uint32_t handshakes_per_s;
    uint8_t seed[32];              /* random, secret: the cookies' */
    const struct wan_options *wan; /* borrowed: what a session here can take, told in WELCOME */
};

struct door {
    struct door_options options;
    struct cookie_jar jar;
    struct bucket handshakes;
    struct bucket resets;
    uint8_t parameters[HANDSHAKE_PARAMETERS];
    size_t parameter_bytes;
};

/* A datagram that knocks. */
struct door_knock {
    const uint8_t *datagram;
    size_t bytes;
    const struct net_address *peer;
    uint64_t now_ns;
    size_t half_open; /* now */
    bool full;        /* no room for one more session */
    uint8_t seed[32]; /* random, secret, fresh */
};

void door_init(struct door *door, const struct door_options *options, uint64_t now_ns);
void door_wipe(struct door *door);

/* Sets *answer: accepted, a datagram to send back, or neither. */
void door_answer(struct door *door, const struct door_knock *knock,
                 struct handshake_answer *answer);

#endif
