/*
 * A running link in Prometheus' text format (version 0.0.4): counters by direction and cause, rate
 * and queue of the moment, lateness as a summary. Pure.
 */
#ifndef SIM_LINK_LINK_METRICS_H
#define SIM_LINK_LINK_METRICS_H

#include "sim-link/relay.h"

enum { LINK_METRICS_BYTES = 8192 };

/* Always terminated. */
void link_metrics_text(const struct relay_report *report, char out[LINK_METRICS_BYTES]);

#endif
