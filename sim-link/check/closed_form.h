/* The emulation against closed forms; counts of packets are multiplied by `scale`, but for drift.
 */
#ifndef SIM_LINK_CHECK_CLOSED_FORM_H
#define SIM_LINK_CHECK_CLOSED_FORM_H

#include "sim-link/check/verdict.h"

#include <stdint.h>

struct closed_form {
    uint64_t seed;
    double scale;           /* 1: some seconds; tolerances are for 1 and more */
    uint64_t drift_packets; /* back to back */
};

void closed_form_queues(struct verdicts *verdicts, const struct closed_form *options);
void closed_form_loss(struct verdicts *verdicts, const struct closed_form *options);
void closed_form_orbits(struct verdicts *verdicts);

/* Chance that a packet finds a queue of `room` full (the one in service counts), with random
 * arrivals at this load and equal sizes: the embedded chain of M/D/1/K. Pure. */
double closed_form_blocking(double load, unsigned room);

#endif
