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

/* *sim is closed with satsync_sim_close. An unknown profile or option is named in `error`. With
 * "sim:" before it, as in "sim:geo?seed=7", the link is also found by that text while it is open:
 * the engine of a site that listens on, or connects to, this address is at its end 1, or 0. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_sim_open(const char *link, struct satsync_sim **sim, struct satsync_error *error);

/* Several sites and the links among them, from a file of lines such as "site memphis", "link
 * memphis atlanta geo?loss=1%", "seed 7", "start 11s". A mistake is named with its line. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_sim_open_topology(const char *path, struct satsync_sim **sim, struct satsync_error *error);

/* How many there are: 2 of a link. */
SATSYNC_API int satsync_sim_sites(const struct satsync_sim *sim);

/* Borrowed from `sim`; empty for the ends of a link. */
SATSYNC_API const char *satsync_sim_site_name(const struct satsync_sim *sim, int site);

/* Its number, from 0 in the file's order; -1 when there is none. */
SATSYNC_API int satsync_sim_find_site(const struct satsync_sim *sim, const char *name);

/* After whatever used its carriers is closed. NULL is fine. */
SATSYNC_API void satsync_sim_close(struct satsync_sim *sim);

/* End 0 or 1 of a link, or a site, addressed as "sim:0", "sim:1" and so on, or "sim:NAME"; 0 to 1
 * of a link is the uplink. Borrowed from `sim`. */
SATSYNC_API struct satsync_carrier *satsync_sim_carrier(struct satsync_sim *sim, int end);

/* Moves time to the next arrival or to the earliest deadline of an end's user; false when there is
 * neither. */
SATSYNC_API int satsync_sim_step(struct satsync_sim *sim);

/* Runs all that happens up to a time. */
SATSYNC_API void satsync_sim_run_until(struct satsync_sim *sim, uint64_t now_ns);

SATSYNC_API uint64_t satsync_sim_now_ns(const struct satsync_sim *sim);

/* Drops everything, both ways, on all links, until then: an outage. UINT64_MAX: until called again
 * with 0. */
SATSYNC_API void satsync_sim_shut(struct satsync_sim *sim, uint64_t until_ns);

/* The same of the link between two sites. SATSYNC_NOT_FOUND when they have none. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_sim_shut_link(struct satsync_sim *sim, int a, int b, uint64_t until_ns,
                      struct satsync_error *error);

/* Of direction 0 (end 0 to end 1) or 1 of the first link. Only what fits `counts->size` is filled.
 */
SATSYNC_API void satsync_sim_get_counts(const struct satsync_sim *sim, int direction,
                                        struct satsync_sim_counts *counts);

/* Of what one site sends another. SATSYNC_NOT_FOUND when they have no link. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_sim_get_link_counts(const struct satsync_sim *sim, int from, int to,
                            struct satsync_sim_counts *counts, struct satsync_error *error);

/* What happens from now on, written to files; one that exists is replaced. */
struct satsync_sim_record_options {
    size_t size;              /* sizeof(struct satsync_sim_record_options), set by the caller */
    const char *capture_path; /* pcapng: each packet, with its fate as a comment; NULL: none */
    const char *series_path;  /* CSV: rate, queue, delay and drops over time; NULL: none */
    uint64_t step_ns;         /* between two lines of the latter; 0: 100 ms */
};

/* At most one record at a time; it ends with satsync_sim_end_record or when `sim` is closed. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_sim_record(struct satsync_sim *sim, const struct satsync_sim_record_options *options,
                   struct satsync_error *error);

/* Says whether all was written. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_sim_end_record(struct satsync_sim *sim, struct satsync_error *error);

/* End 0 or 1 of the link that is open as this address, such as "sim:geo?seed=7"; NULL when none is.
 * For the engine. */
SATSYNC_API struct satsync_carrier *satsync_sim_find_carrier(const char *address, int end);

/* Hash of every packet's time, size, content and fate so far, as hexadecimal text: equal for equal
 * runs. */
SATSYNC_API void satsync_sim_trace(const struct satsync_sim *sim,
                                   char out[SATSYNC_SIM_TRACE_BYTES]);

#ifdef __cplusplus
}
#endif
#endif
