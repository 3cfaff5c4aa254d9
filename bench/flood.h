/*
 * What one seed's link really carries: its rate moves, outages come at their own times, and a
 * transfer of some seconds sees no mean. Full packets are pushed as fast as the link takes them,
 * with its own draws of rate, delay, gates and loss, until so many payload bytes came out.
 */
#ifndef BENCH_FLOOD_H
#define BENCH_FLOOD_H

#include "sim-link/profile.h"

#include <satsync/status.h>

/* From the first packet's begin to the arrival of the last that is needed, of FLOOR_PAYLOAD_BYTES
 * each, from end 0 to end 1. The link must have a rate. */
enum satsync_status flood_ns(const struct profile *profile, uint64_t seed, uint64_t bytes,
                             uint64_t *time_ns, struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
