/*
 * What a rank hands in at the rendezvous, and what it is told there of each other one: of fixed
 * size, little-endian. Pure.
 *
 *     0  u32  magic "SCRV"
 *     4  u32  rank
 *     8  u32  ranks
 *    12  u64  job; 0 in what is handed in
 *    20       address, ended and filled up with NUL
 */
#ifndef TRANSPORT_RENDEZVOUS_CARD_H
#define TRANSPORT_RENDEZVOUS_CARD_H

#include "transport/rendezvous/rendezvous.h"

#include <stdbool.h>

enum { CARD_BYTES = 20 + RENDEZVOUS_TEXT_BYTES };

struct card {
    uint32_t rank;
    uint32_t ranks;
    uint64_t job;
    char address[RENDEZVOUS_TEXT_BYTES];
};

void card_write(const struct card *card, uint8_t out[CARD_BYTES]);

/* False when it is none; what is accepted has rank < ranks and an address that ends. */
bool card_read(struct card *card, const uint8_t bytes[CARD_BYTES]);

#endif
