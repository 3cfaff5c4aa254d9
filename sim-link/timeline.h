/*
 * What a link does over time, as CSV: rate, queue, delay and counts of each lane, a line a lane and
 * step. Owner thread.
 *
 *   time_s,direction,rate_bps,queued_packets,queued_bytes,delay_mean_ns,delay_most_ns,
 *   entered_packets,delivered_packets,dropped_queue,dropped_loss,...
 *
 * Rate (0: no limit) and queue are those of that moment; counts and the delays of what arrived are
 * those since the line before, and no delay is written when nothing arrived. The last lines are of
 * the end, perhaps a part of a step after those before.
 */
#ifndef SIM_LINK_TIMELINE_H
#define SIM_LINK_TIMELINE_H

#include "sim-link/sim.h"

struct timeline_options {
    const char *path;
    uint64_t step_ns; /* > 0 */
};

struct timeline;

/* Follows the lanes that `sim` has, as its sampler, from now on; an existing file is replaced. */
enum satsync_status timeline_open(const struct timeline_options *options, struct sim *sim,
                                  struct timeline **timeline,
                                  struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Before the sim is closed. Says whether all was written; the file is there in either case. */
enum satsync_status timeline_close(struct timeline *timeline,
                                   struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
