/*
 * An emulated link in virtual time, for tests of programs that use satsync.
 *
 * Opens two ends joined by a link such as "geo" or "plain?rate=100M&rtt=600ms&loss=1%&seed=7"
 * (`satsync-link profiles` lists them). Nothing sleeps: time jumps from event to event, and a run
 * is a function of its seed, whatever the machine. Of libsatsync-sim; owner thread.
 *
 *     while (!done) {
 *         poll the engine at each end;
 *         if (!satsync_sim_step(sim)) break;    // nothing will ever happen again
 *     }
 */
#ifndef SATSYNC_SIM_H
#define SATSYNC_SIM_H

#include <satsync/status.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct satsync_sim;
struct satsync_carrier; /* opaque: an end of the link, for the engine's options */

enum { SATSYNC_SIM_TRACE_BYTES = 33 };

/* Of one direction. Packets: entered + duplicated = delivered + dropped + under way. */
struct satsync_sim_counts {
    size_t size; /* sizeof(struct satsync_sim_counts), set by the caller */
    uint64_t entered_packets;
    uint64_t entered_bytes; /* of UDP payload, as all bytes here */
    uint64_t delivered_packets;
    uint64_t delivered_bytes;
    uint64_t duplicated_packets;
    uint64_t dropped_packets;
    uint64_t dropped_bytes;
    uint64_t under_way_packets;
};

/* *sim is closed with satsync_sim_close. An unknown profile or option is named in `error`. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_sim_open(const char *link, struct satsync_sim **sim, struct satsync_error *error);

/* After whatever used its carriers is closed. NULL is fine. */
SATSYNC_API void satsync_sim_close(struct satsync_sim *sim);

/* End 0 or 1, addressed as "sim:0" and "sim:1"; 0 to 1 is the uplink. Borrowed from `sim`. */
SATSYNC_API struct satsync_carrier *satsync_sim_carrier(struct satsync_sim *sim, int end);

/* Moves time to the next arrival or to the earliest deadline of an end's user; false when there is
 * neither. */
SATSYNC_API int satsync_sim_step(struct satsync_sim *sim);

/* Runs all that happens up to a time. */
SATSYNC_API void satsync_sim_run_until(struct satsync_sim *sim, uint64_t now_ns);

SATSYNC_API uint64_t satsync_sim_now_ns(const struct satsync_sim *sim);

/* Drops everything, both ways, until then: an outage. UINT64_MAX: until called again with 0. */
SATSYNC_API void satsync_sim_shut(struct satsync_sim *sim, uint64_t until_ns);

/* Of direction 0 (end 0 to end 1) or 1. Only what fits `counts->size` is filled. */
SATSYNC_API void satsync_sim_get_counts(const struct satsync_sim *sim, int direction,
                                        struct satsync_sim_counts *counts);

/* Hash of every packet's time, size, content and fate so far, as hexadecimal text: equal for equal
 * runs. */
SATSYNC_API void satsync_sim_trace(const struct satsync_sim *sim,
                                   char out[SATSYNC_SIM_TRACE_BYTES]);

#ifdef __cplusplus
}
#endif
#endif
