/* Round trips over an emulated link: a small packet at each step, answered at once. */
#ifndef SIM_LINK_CHECK_PINGS_H
#define SIM_LINK_CHECK_PINGS_H

#include "sim-link/check/samples.h"
#include "sim-link/profile.h"
#include "sim-link/record.h"

struct pings {
    uint64_t seed;
    uint64_t step_ns;
    uint64_t count;
    struct record_options record; /* of the run */
    uint64_t lost;
};

/* Adds the round trips that came back; `lost` is set. */
enum satsync_status pings_run(const struct profile *profile, struct pings *pings,
                              struct samples *samples,
                              struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
