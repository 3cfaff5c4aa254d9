/*
 * A pcapng file of what passed through a sim: each packet when its fate was decided, with that fate
 * as its comment, on an interface named after its lane. Owner thread.
 *
 * A packet is stamped with when it arrived or was dropped; the comment says how long after it
 * entered that was. Payloads without an IP header get one, and a UDP header, so that readers of
 * captures show them: from 10.77.0.1 to 10.77.0.2 for the first direction of a link, and the flow
 * as the port. The first 128 bytes of each packet are kept.
 */
#ifndef SIM_LINK_CAPTURE_H
#define SIM_LINK_CAPTURE_H

#include "sim-link/sim.h"

struct capture_options {
    const char *path;
    bool whole_packets; /* as in struct sim_options; likewise the next */
    bool without_content;
    uint64_t origin_ns; /* of the sim's clock, in nanoseconds of UTC */
};

struct capture;

/* Captures what `sim` does from now on; an existing file is replaced. */
enum satsync_status capture_open(const struct capture_options *options, struct sim *sim,
                                 struct capture **capture,
                                 struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Before the sim is closed. Says whether all was written; the file is there in either case. */
enum satsync_status capture_close(struct capture *capture,
                                  struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
