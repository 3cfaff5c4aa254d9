/*
 * The least time in which a message can cross a link, handshake not counted:
 *
 *   G_max = R * (L / M) * (1 - p) * (1 - a)       time = T / 2 + 8 B / G_max
 *
 * with B payload bytes, link rate R in IP bits a second, round trip T, mean loss p, mean share of
 * outages a, and L = 1420 payload bytes in a packet of M = 1500. Pure.
 */
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

#include "sim-link/profile.h"

#include <stdint.h>

enum { FLOOR_PACKET_BYTES = 1500, FLOOR_PAYLOAD_BYTES = 1420 };

/* For end 0 to end 1; UINT64_MAX when the link's rate is endless. */
uint64_t floor_ns(const struct profile *profile, uint64_t bytes);

#endif
