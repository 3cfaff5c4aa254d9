/*
 * Which contributions an outer step shall hold: what the majority's leader proposes, from what the
 * sites report to have. Pure.
 *
 * A contribution is safe when more sites hold all of it than may be lost: f + 1 of the 2 f + 1 or
 * more that vote, two at least. Whoever lacks a safe one when it is decided gets it from a holder.
 *   sums:    so are the sums of an owner, by those who have them: all sites', where all are safe;
 *   early:   every site that is expected has a safe contribution: all that are safe;
 *   at the end: else, once the time to collect is over: the safe ones that every reporting site
 * holds; if there is none, the safe ones; if there is none, and one site alone is a majority with
 * the witness: its own.
 */
#ifndef ROUNDS_CHOICE_H
#define ROUNDS_CHOICE_H

#include "rounds/message.h"

struct choice {
    size_t sites;      /* with parameters */
    size_t voters;     /* a witness included */
    uint32_t expected; /* who contributed to the last step, or has given to this one */
    uint32_t vouched;  /* whose own contribution some other site will have, if it is decided */
    /* Of what the leader has sums; zeros: it has none, see what each says to have contributed. */
    uint64_t summed[ROUNDS_SITES_MAX];
    uint64_t all;                               /* a whole contribution's fragments */
    uint32_t reporting;                         /* whose holdings are known, for this step */
    struct holdings holdings[ROUNDS_SITES_MAX]; /* by reporting site */
};

/* Fills `decision` (but for its step) and returns true when there is something to propose. */
bool choose(const struct choice *choice, bool is_over, struct decision *decision);

#endif
