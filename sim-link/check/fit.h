/*
 * Fits the low-orbit model (path.h, path_slots) to measured round trips: first how likely small,
 * middling and large steps from slot to slot are, so that the jumps between slots are right; then
 * the quantiles of the way, until those of whole round trips, with jitter and held packets, are the
 * measured ones.
 */
#ifndef SIM_LINK_CHECK_FIT_H
#define SIM_LINK_CHECK_FIT_H

#include "sim-link/check/samples.h"
#include "sim-link/profile.h"

enum { FIT_POINTS = 21 };

struct fit {
    struct quantile quantiles[FIT_POINTS];
    struct profile profile; /* leo-bent with these; borrows from the fit, which must stay */
    double rtt_distance;    /* of what is generated to what was fitted */
    double jump_distance;
};

/* `effort` 1 generates days where 5 generates weeks, and comes less near. */
enum satsync_status fit_leo(const struct distribution *rtts, const struct distribution *jumps,
                            unsigned effort, struct fit *fit) SATSYNC_MUST_CHECK;

/* As a table in C. */
void fit_print(const struct fit *fit);

#endif
