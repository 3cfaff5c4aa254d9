/*
 * What a run leaves to be looked at: a capture, a time series, or both. Owner thread.
 */
#ifndef SIM_LINK_RECORD_H
#define SIM_LINK_RECORD_H

#include "sim-link/capture.h"
#include "sim-link/timeline.h"

struct record_options {
    struct capture_options capture;   /* without a path: none */
    struct timeline_options timeline; /* likewise; without a step: 100 ms */
    struct lane_watch *watch;         /* somebody else's, borrowed; NULL: nobody's */
};

struct record {
    struct sim *sim;
    struct capture *capture;
    struct timeline *timeline;
    struct lane_watch *watch;
};

/* Of all lanes that `sim` has; record_close also after a failure. */
enum satsync_status record_open(const struct record_options *options, struct sim *sim,
                                struct record *record,
                                struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Before the sim is closed; `record` is empty afterwards. Says whether all was written. */
enum satsync_status record_close(struct record *record,
                                 struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
